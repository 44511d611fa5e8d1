// Maps for a projector: large dots, two roles, real ones grey and round, synthetic ones coloured and square.
const SIDE = 420
const DOT = 11

function mapOf(map) {
  const figure = element("figure", "sheet")
  const canvas = canvasOf(2 * SIDE, 2 * SIDE, `${map.title}: real and synthetic images. ${map.note}`)
  canvas.className = "dots"
  const pen = canvas.getContext("2d")
  pen.scale(2, 2)
  const place = (number) => 16 + (number / 1000) * (SIDE - 32)
  const each = (numbers, draw) => {
    for (let at = 0; at < numbers.length; at += 2) draw(place(numbers[at]), SIDE - place(numbers[at + 1]))
  }
  pen.fillStyle = "#9AA0A6"
  each(map.real, (x, y) => {
    pen.beginPath()
    pen.arc(x, y, DOT / 2, 0, 2 * Math.PI)
    pen.fill()
  })
  pen.fillStyle = map.colour
  pen.strokeStyle = "#8A1F48"
  each(map.synthetic, (x, y) => {
    pen.fillRect(x - DOT / 2, y - DOT / 2, DOT, DOT)
    pen.strokeRect(x - DOT / 2, y - DOT / 2, DOT, DOT)
  })
  pen.strokeStyle = "#111"
  pen.lineWidth = 1.5
  each(map.missing, (x, y) => {
    pen.beginPath()
    pen.arc(x, y, DOT, 0, 2 * Math.PI)
    pen.stroke()
  })
  figure.append(element("figcaption", "", map.title), canvas)
  if (map.note) figure.append(element("p", "note", map.note))
  return figure
}

function mapsOf(maps) {
  const all = element("div", "sheets")
  all.style.setProperty("--sheets", maps.length)
  const legend = element("p", "legend")
  const sign = element("span", "square")
  sign.style.background = maps[0].colour
  legend.append(element("span", "dot"), " real  ", sign, " synthetic")
  all.append(...maps.map(mapOf))
  const both = element("div")
  both.append(legend, all)
  return both
}
