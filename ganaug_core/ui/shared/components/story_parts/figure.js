// A demonstration on a projector: the same charts as on the page Lessons, larger; keys up and down move the slider.
function figureOf(story, { figure }) {
  const all = element("div", "figure")
  const slider = element("input")
  Object.assign(slider, { type: "range", min: 0, max: figure.positions.length - 1, step: 1, value: figure.begin })
  slider.setAttribute("aria-label", figure.slider)
  const position = element("b", "position")
  const says = element("p", "told")
  const row = element("div", "row")
  row.append(position, slider)
  const pictures = element("div", "pictures")
  const charts = element("div", "charts")
  const shown = { data: story.data, figure, position: figure.begin, letters: 20, words: story.data.lecture.words }
  const canvases = figure.charts.map((chart) => chartOnScreen(shown, charts, chart))
  const draw = () => {
    shown.position = Number(slider.value)
    position.textContent = `${figure.slider}: ${figure.positions[shown.position]}`
    says.textContent = figure.says[shown.position]
    all.dataset.position = shown.position
    drawPictures(pictures, figure.pictures?.[shown.position] ?? [])
    canvases.forEach((canvas, n) => drawChart(shown, canvas, figure.charts[n]))
  }
  slider.oninput = draw
  const move = (by) => () => {
    slider.value = Number(slider.value) + by
    draw()
  }
  Object.assign(story.keys, { arrowup: move(1), arrowdown: move(-1) })
  const observer = new ResizeObserver(draw)
  observer.observe(all)
  story.leaving.push(() => observer.disconnect())
  all.append(row, says, pictures, charts)
  return all
}

function chartOnScreen(shown, parent, chart) {
  const figure = element("figure")
  const canvas = canvasOf(1, 1, `${chart.title}; up: ${chart.y}`)
  const legend = element("div", "legends")
  for (const line of chart.lines) {
    const entry = element("span", "", `${markOf(line)} ${line.name}`)
    entry.style.color = shown.data.colours[line.role]
    legend.append(entry)
  }
  figure.append(element("figcaption", "", chart.title), legend, canvas)
  parent.append(figure)
  return canvas
}
