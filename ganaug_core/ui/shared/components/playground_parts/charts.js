// Small curves under a plane; the moment that is shown is a line through all of them.
const CHARTS = [
  { title: "Modes found", lines: [["modes", "synthetic"]], from: 0, to: (header) => header.modes_there },
  { title: "Divergence", lines: [["divergence", "synthetic"]], from: 0, to: () => 0.75, mark: Math.LN2, markSays: "log 2" },
  { title: "D(x), D(G(z))", lines: [["real", "train"], ["fake", "synthetic"]], from: 0, to: () => 1, mark: 0.5, markSays: "1/2", probability: true },
  { title: "Losses of D and G", lines: [["discriminator_loss", "train"], ["generator_loss", "synthetic"]], mark: 2 * Math.LN2, markSays: "log 4", markNeedsProbability: true },
  { title: "Push on a point", lines: [["push", "synthetic"]], isLog: true },
]

function drawCharts(bench, table, number) {
  table.charts.forEach((element, place) => {
    const chart = chartOf(bench, table, place)
    const canvas = element.querySelector("canvas")
    const value = element.querySelector("b")
    const { brush, width, height } = sharp(canvas)
    value.textContent = ""
    if (!momentsOf(table)) return
    if (chart.probability && !table.header.probability) {
      value.textContent = inWords(bench.data, "none")
      return
    }
    const lines = chart.lines.map(([name, role]) => ({ values: curveOf(table, name).map((v) => (chart.isLog ? Math.log10(Math.max(v, 1e-9)) : v)), role, name }))
    const hasMark = chart.mark !== undefined && (!chart.markNeedsProbability || table.header.probability)
    const all = lines.flatMap((line) => line.values).filter(Number.isFinite)
    const low = chart.from ?? Math.min(...all, hasMark ? chart.mark : Infinity)
    const high = Math.max(chart.to?.(table.header) ?? Math.max(...all, hasMark ? chart.mark : -Infinity), low + 1e-6)
    const x = (n) => (n / (table.header.steps.length - 1)) * (width - 2) + 1
    const y = (v) => height - 3 - ((v - low) / (high - low)) * (height - 6)
    brush.strokeStyle = bench.data.colours.quiet
    if (hasMark) {
      brush.setLineDash([3, 3])
      line(brush, [[0, y(chart.mark)], [width, y(chart.mark)]])
      brush.setLineDash([])
    }
    line(brush, [[x(number), 0], [x(number), height]])
    for (const { values, role } of lines) {
      brush.strokeStyle = bench.data.colours[role]
      brush.lineWidth = 1.5
      line(brush, values.flatMap((v, n) => (Number.isFinite(v) ? [[x(n), y(v)]] : [])))
      brush.lineWidth = 1
    }
    value.textContent = chart.lines.map(([name]) => shortNumber(curveOf(table, name)[number])).join(", ")
  })
}

// one place has no modes to be counted: there the distance is looked at
const DISTANCE = { title: "Distance", lines: [["distance", "synthetic"]], from: 0 }

function chartOf(bench, table, place) {
  const chart = place === 0 && table.header?.target === "dirac" ? DISTANCE : CHARTS[place]
  table.charts[place].querySelector("figcaption").firstChild.textContent = inWords(bench.data, chart.title)
  return chart
}

function line(brush, corners) {
  brush.beginPath()
  corners.forEach(([x, y], n) => (n ? brush.lineTo(x, y) : brush.moveTo(x, y)))
  brush.stroke()
}

function shortNumber(value) {
  if (!Number.isFinite(value)) return "–"
  if (Number.isInteger(value)) return String(value)
  return Math.abs(value) >= 0.01 ? value.toFixed(2) : value.toExponential(0)
}

function newCharts(bench, table) {
  const parent = table.root.querySelector(".charts")
  table.charts = CHARTS.map(({ title, markSays }) => {
    const figure = document.createElement("figure")
    figure.append(document.createElement("canvas"), document.createElement("figcaption"))
    figure.lastChild.append(inWords(bench.data, title), document.createTextNode(" "), document.createElement("b"))
    figure.title = markSays ? inWords(bench.data, `The dashed line is ${markSays}.`) : ""
    parent.append(figure)
    return figure
  })
}
