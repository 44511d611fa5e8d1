// The real image stays, and beside it the pair in one place by turns: what does not move is the same. Slower than three a
// second; a click or P stops it.
const TURN = 900

function paint(canvas, image, [low, high]) {
  const size = image.rows * image.columns
  const picture = new ImageData(image.columns, image.rows)
  for (let pixel = 0; pixel < size; pixel++)
    for (let channel = 0; channel < 3; channel++) {
      const value = image.values[pixel + (image.channels === 3 ? channel * size : 0)]
      picture.data[4 * pixel + channel] = (255 * (value - low)) / (high - low)
      picture.data[4 * pixel + 3] = 255
    }
  canvas.width = image.columns
  canvas.height = image.rows
  canvas.getContext("2d").putImageData(picture, 0, 0)
}

function flickerOf(story, { pairs, note }) {
  const all = element("div", "pairs")
  const shown = pairs.map((pair) => {
    const figure = element("figure", "pair")
    const still = canvasOf(1, 1, "The real image that is nearest")
    const canvas = canvasOf(1, 1, "A synthetic image and a real one by turns")
    const which = element("figcaption", "", " ")
    const both = element("div", "two")
    both.append(element("figcaption", "", "real, nearest"), which, still, canvas)
    const words = pair.distance === null ? "" : `distance ${pair.distance.toFixed(3)}, score ${pair.score.toFixed(2)}`
    const moved = pair.movement ? movementInWords(pair.movement) : "as it is"
    const laid = moved === "as it is" ? "" : `; the real one ${moved}`
    figure.append(both, element("p", "note", words + laid))
    all.append(figure)
    return { ...pair, still, canvas, which }
  })
  const control = element("button", "pause", "Stop the flicker (P)")
  control.type = "button"
  const timer = { turn: 1, isRunning: true }
  const draw = () => {
    for (const one of shown) {
      if (!one.images) continue
      const isReal = timer.turn % 2 === 0
      paint(one.still, one.images[0], story.data.scale)
      paint(one.canvas, one.images[isReal ? 0 : 1], story.data.scale)
      one.which.textContent = isReal ? "real" : "synthetic"
      one.canvas.dataset.shows = one.which.textContent
    }
  }
  for (const one of shown)
    Promise.all([imageAt(story.source, one.real), imageAt(story.source, one.synthetic)])
      .then(([real, synthetic]) => {
        one.images = [one.movement ? aligned(synthetic, real, one.movement) : real, synthetic]
        draw()
      })
      .catch(() => (one.which.textContent = "not to be had"))
  const tick = setInterval(() => {
    if (!timer.isRunning) return
    timer.turn += 1
    draw()
  }, TURN)
  const toggle = () => {
    timer.isRunning = !timer.isRunning
    control.textContent = timer.isRunning ? "Stop the flicker (P)" : "Go on (P)"
  }
  control.onclick = toggle
  story.leaving.push(() => clearInterval(tick))
  story.keys.p = toggle
  const both = element("div")
  both.append(all, element("p", "note", note), control)
  return both
}
