// The smallest game has two numbers: where the point is, and how steep the discriminator is. Their way is the orbit.
const ORBIT = 1.25 // both axes go from minus this to this

function drawOrbit(bench, table, number) {
  const { brush, width, height } = sharp(table.plane)
  const letters = 20
  const { colours } = bench.data
  const edge = { left: 2.4 * letters, right: width - 8, top: 1.6 * letters, bottom: height - 2.7 * letters }
  const x = (value) => edge.left + ((value + ORBIT) / (2 * ORBIT)) * (edge.right - edge.left)
  const y = (value) => edge.bottom - ((value + ORBIT) / (2 * ORBIT)) * (edge.bottom - edge.top)
  brush.font = `${letters}px ${getComputedStyle(table.plane).fontFamily}`
  brush.fillStyle = colours.text
  brush.strokeStyle = colours.line
  brush.lineWidth = 1
  for (const tick of [-1, 0, 1]) {
    line(brush, [[x(tick), edge.top], [x(tick), edge.bottom]])
    line(brush, [[edge.left, y(tick)], [edge.right, y(tick)]])
    brush.textBaseline = "top"
    brush.textAlign = "center"
    brush.fillText(tick, x(tick), edge.bottom + 4)
    brush.textBaseline = "middle"
    brush.textAlign = "right"
    brush.fillText(tick, edge.left - 6, y(tick))
  }
  brush.textBaseline = "bottom"
  brush.textAlign = "center"
  brush.fillText(inWords(bench.data, "generator, from the truth"), (edge.left + edge.right) / 2, height)
  brush.textAlign = "left"
  brush.textBaseline = "top"
  brush.fillText(inWords(bench.data, "slope of the discriminator"), 4, 0.2 * letters)
  const way = table.orbit.slice(0, number + 1).map(([place, slope]) => [x(place), y(slope)])
  brush.strokeStyle = colours.quiet
  brush.lineWidth = 1.5
  line(brush, way)
  const [left, top] = way.at(-1)
  brush.fillStyle = colours.train
  brush.fillRect(x(0) - 8, y(0) - 8, 16, 16)
  brush.strokeStyle = colours.synthetic
  brush.lineWidth = 5
  line(brush, [[left - 12, top], [left + 12, top]])
  line(brush, [[left, top - 12], [left, top + 12]])
}
