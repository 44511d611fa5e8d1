// What is seen of a side, in a few words.
function saysOf(bench, table, moment) {
  return inWords(bench.data, saysInEnglish(bench, table, moment))
}

function saysInEnglish(bench, table, moment) {
  if (bench.isDrawing) return "Draw with the mouse in the plane, then press Learn this drawing."
  if (!moment) return table.problem ? "" : "The players are getting ready …"
  const at = (name) => moment.curves[table.header.curves.indexOf(name)]
  if (table.header.target === "dirac") return `${at("distance").toFixed(2)} away from the truth`
  const near = `${Math.round(100 * at("quality"))} % of points near a mode`
  return `${at("modes")} of ${table.header.modes_there} ${table.header.modes_there === 1 ? "mode" : "modes"} found, ${near}`
}
