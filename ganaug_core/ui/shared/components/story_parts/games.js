// Two games on a projector, played at 30 moments a second; P stops and goes on, R begins again.
const MOMENTS_A_SECOND = 30

function gamesOf(story, { games, sides, says, orbits }) {
  const all = element("div", "games")
  const bench = { data: story.data, drawn: "", moment: 0, isPlaying: true, isDrawing: false, dot: 9, ends: 0 }
  bench.shows = { truth: true, field: true, arrows: false, grid: false }
  bench.tables = games.map((settings, place) => tableOnScreen(all, settings, sides[place], orbits?.[place]))
  bench.draw = () => drawGames(all, bench)
  const control = element("button", "pause", inWords(story.data, "Stop (P)"))
  control.type = "button"
  const toggle = () => {
    bench.isPlaying = !bench.isPlaying
    control.textContent = inWords(story.data, bench.isPlaying ? "Stop (P)" : "Go on (P)")
  }
  const again = element("button", "again", inWords(story.data, "From the beginning (R)"))
  again.type = "button"
  again.onclick = () => {
    bench.moment = 0
    if (!bench.isPlaying) toggle()
  }
  control.onclick = toggle
  Object.assign(story.keys, { p: toggle, r: again.onclick })
  for (const table of bench.tables) playGame(bench, table)
  const request = { id: requestAnimationFrame((now) => tickGames(bench, request, now)) }
  story.leaving.push(() => {
    cancelAnimationFrame(request.id)
    for (const table of bench.tables) table.abort?.abort()
  })
  const row = element("div", "row")
  row.append(control, again)
  const both = element("div")
  both.append(signsOf(story, orbits), all, element("p", "told", says), row)
  return both
}

// what squares, crosses and colours are
function signsOf({ data }, orbits) {
  const legend = element("p", "signs")
  const sign = (colour, mark, text) => {
    const entry = element("span", "", `${mark} ${inWords(data, text)}`)
    entry.style.color = colour
    legend.append(entry)
  }
  const { train, synthetic, text } = data.colours
  if (orbits) {
    sign(train, "■", "truth, and a discriminator without slope")
    sign(synthetic, "✚", "both sides now")
    return sign(text, "━", "their way so far"), legend
  }
  sign(train, "■", "truth")
  sign(synthetic, "✚", "generated")
  sign(text, "", "Ground: what D takes a place for,")
  sign(train, "▒", "truth")
  sign(synthetic, "▒", "generated")
  return legend
}

function tableOnScreen(parent, settings, title, orbit) {
  const figure = element("figure", "game")
  const plane = canvasOf(1, 1, `The plane of side ${title}`)
  const value = element("p", "note")
  const problem = element("p", "problem")
  figure.append(element("figcaption", "", title), plane, value, problem)
  parent.append(figure)
  return { settings, plane, value, problemText: problem, orbit }
}

function tickGames(bench, request, now) {
  const there = Math.min(...bench.tables.map((table) => momentsOf(table) - 1))
  const since = now - (bench.ticked ?? now)
  bench.ticked = now
  const before = Math.floor(bench.moment)
  if (bench.isPlaying) bench.moment = Math.max(0, Math.min(there, bench.moment + (since / 1000) * MOMENTS_A_SECOND))
  if (Math.floor(bench.moment) !== before) bench.draw()
  request.id = requestAnimationFrame((later) => tickGames(bench, request, later))
}

function drawGames(all, bench) {
  for (const table of bench.tables) {
    const shown = Math.min(Math.floor(bench.moment), momentsOf(table) - 1)
    const moment = shown >= 0 ? momentAt(table, shown) : null
    if (table.orbit && moment) drawOrbit(bench, table, shown)
    else drawPlane(bench, table, moment)
    const steps = table.header?.steps
    const step = moment ? `${inWords(bench.data, `step ${steps[shown].toLocaleString("en")}`)}: ` : ""
    table.value.textContent = step + saysOf(bench, table, moment)
    table.problemText.textContent = inWords(bench.data, table.problem ?? "")
  }
  all.dataset.moment = Math.floor(bench.moment)
  all.dataset.moments = bench.tables.map(momentsOf).join(" ")
}
