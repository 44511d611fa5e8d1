// How near images are: what the audit's registered search found, or, before an audit, the quick measure.
const ASKED_AT_ONCE = 512
const MOST_ASKED_AHEAD = 2048

function loadNearness(bench, audited) {
  bench.near = new Map()
  bench.scores = {}
  bench.said = {}
  if (audited) {
    const { nearest, scores, said } = audited
    bench.scores = scores
    bench.said = said
    keepNearest(bench, syntheticRows(bench), nearest)
  }
  bench.isNearnessComplete = bench.near.size > 0
  if (!bench.isNearnessComplete) askAhead(bench).catch(() => {}) // then it is asked of each that is picked
}

function keepNearest(bench, rows, nearest) {
  rows.forEach((row, place) => {
    const found = Object.entries(nearest).map(([role, { ids, distances, movements }]) => ({
      role,
      row: bench.rows.get(ids[place]),
      distance: distances[place],
      movement: movements?.[place],
    }))
    const known = found.filter((near) => near.row !== undefined && near.distance !== null)
    if (known.length) bench.near.set(row, known.sort((a, b) => a.distance - b.distance))
  })
}

// the quick measure of all images of a small set, so that a list can be sorted by it
async function askAhead(bench) {
  const rows = syntheticRows(bench)
  if (rows.length > MOST_ASKED_AHEAD) return
  for (let start = 0; start < rows.length; start += ASKED_AT_ONCE) {
    await askNearest(bench, rows.slice(start, start + ASKED_AT_ONCE))
    if (bench.isGone) return
  }
  bench.isNearnessComplete = true
  bench.changed()
}

async function askNearest(bench, rows) {
  const address = `${bench.data.quick[sideOf(bench, rows[0])]}?ids=${rows.map((row) => bench.ids[row]).join(",")}`
  keepNearest(bench, rows, await fetched(address, (answer) => answer.json()))
}

function nearestOf(bench, row) {
  return bench.near.get(row) ?? []
}

function distanceOf(bench, row) {
  return nearestOf(bench, row)[0]?.distance
}

// what the distance is called, by the measure that found it; real images are never in an audit's search
function measureOf(bench, row) {
  return bench.data.hasNearest && isSynthetic(bench, row) ? "distance" : "quick distance"
}
