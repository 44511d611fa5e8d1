// An exercise: side B begins as side A, and loses the sign of failure by one changed setting.
function showGoal(bench) {
  const { goal } = bench.data
  if (!goal) return
  const line = bench.root.querySelector(".goal")
  const [, table] = bench.tables
  const changes = differing(bench).length
  const isOver = table.header && momentsOf(table) === table.header.steps.length
  const value = isOver ? meanOfLast(curveOf(table, goal.curve), goal.last) : NaN
  const failed = isOver && (!Number.isFinite(value) || (goal.below === null ? value > goal.above : value < goal.below))
  const state = changes === 0 ? "begin" : changes > 1 ? "many" : !isOver ? "playing" : failed ? "failed" : "reached"
  bench.root.dataset.goal = state
  line.textContent = `${goal.words[state]}${isOver && changes === 1 ? ` (${shortNumber(value)})` : ""}`
}

function meanOfLast(values, share) {
  const last = values.slice(-Math.max(1, Math.round(share * values.length)))
  return last.reduce((sum, value) => sum + value, 0) / last.length
}
