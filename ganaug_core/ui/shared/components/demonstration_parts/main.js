// A figure with a slider: all its positions are here, so that it answers at once.
const STATES = new WeakMap()

export default function ({ data, parentElement }) {
  const before = STATES.get(parentElement)
  if (before?.data.name === data.name && before.data.language === data.language) return
  before?.observer.disconnect()
  const root = parentElement.querySelector(".demonstration")
  const shown = { root, data, figure: data.figure, seed: 0, position: data.figure.begin, words: data.words }
  STATES.set(parentElement, shown)
  shown.observer = new ResizeObserver(() => draw(shown))
  build(shown)
  shown.observer.observe(root)
  return () => {
    shown.observer.disconnect()
    STATES.delete(parentElement)
  }
}

function build(shown) {
  const { root, data, figure } = shown
  const slider = root.querySelector("input")
  slider.max = figure.positions.length - 1
  slider.value = shown.position
  slider.setAttribute("aria-label", figure.slider)
  slider.oninput = () => {
    shown.position = Number(slider.value)
    draw(shown)
  }
  const again = root.querySelector(".again")
  again.textContent = data.words.again
  root.querySelector(".save").textContent = data.words.save
  again.hidden = !data.isRandom
  again.onclick = () => drawAgain(shown, again)
  const titles = "figcaption, .legend span, .position"
  root.querySelector(".save").onclick = () => saveSvg(data.name, asSvg(root, () => draw(shown), titles))
  root.querySelector(".charts").replaceChildren(...figure.charts.map((chart) => newChart(shown, chart)))
  draw(shown)
}

function newChart(shown, chart) {
  const figure = document.createElement("figure")
  const title = document.createElement("figcaption")
  title.textContent = chart.title
  const legend = document.createElement("div")
  legend.className = "legend"
  for (const line of chart.lines) {
    const entry = document.createElement("span")
    entry.style.color = shown.data.colours[line.role]
    entry.textContent = `${markOf(line)} ${line.name}`
    legend.append(entry)
  }
  const canvas = document.createElement("canvas")
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", `${chart.title}; ${shown.data.words.up}: ${chart.y}`)
  figure.append(title, legend, canvas)
  return figure
}

// other random numbers, the same code: it computes while the old figure still stands
async function drawAgain(shown, button) {
  button.disabled = true
  button.textContent = shown.data.words.computing
  const answer = await fetch(`/api/demonstration/${shown.data.name}.json?seed=${shown.seed + 1}&language=${shown.data.language}`).catch(() => null)
  const said = await answer?.json().catch(() => null)
  button.disabled = false
  button.textContent = shown.data.words.again
  const problem = shown.root.querySelector(".problem")
  problem.textContent = answer?.ok && said ? "" : said ? `${said.what} ${said.do}` : shown.data.words.failed
  if (problem.textContent) return
  shown.seed += 1
  shown.figure = said
  build(shown)
}

function draw(shown) {
  const { root, figure, position } = shown
  root.querySelector(".position").textContent = `${figure.slider}: ${figure.positions[position]}`
  root.querySelector(".says").textContent = figure.says[position]
  drawPictures(root.querySelector(".pictures"), figure.pictures?.[position] ?? [])
  root.querySelectorAll("canvas").forEach((canvas, n) => drawChart(shown, canvas, figure.charts[n]))
  root.dataset.position = position
  root.dataset.seed = shown.seed
}
