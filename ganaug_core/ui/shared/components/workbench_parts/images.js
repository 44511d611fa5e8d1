// All images of both sides in one order, real ones first: id, class, role, volume, a name that can be said, where they are.
const ROLE_KEYS = ["train", "tuning", "holdout"]

async function loadImages(bench) {
  const { real, synthetic } = bench.data.lists
  const [theirs, made] = await Promise.all([real, synthetic].map((address) => fetched(address, (answer) => answer.json())))
  const split = ({ ids }) => Array.from({ length: ids.length / 12 }, (_, row) => ids.slice(12 * row, 12 * row + 12))
  bench.ids = [...split(theirs), ...split(made)]
  bench.label = [...theirs.labels, ...made.labels]
  bench.role = [...theirs.roles, ...made.roles]
  bench.volume = theirs.volumes
  bench.realCount = theirs.labels.length
  bench.rows = new Map(bench.ids.map((id, row) => [id, row]))
  bench.number = numbersInClass(bench)
}

// a name holds the class and the place among the images of that class and side, counted from 1
function numbersInClass({ ids, label, realCount }) {
  const counts = new Map()
  return ids.map((_, row) => {
    const key = 2 * label[row] + (row < realCount ? 0 : 1)
    counts.set(key, (counts.get(key) ?? 0) + 1)
    return counts.get(key)
  })
}

function isSynthetic(bench, row) {
  return row >= bench.realCount
}

function className(bench, row) {
  return bench.data.classes[bench.label[row]]
}

function nameOf(bench, row) {
  return `${isSynthetic(bench, row) ? "" : "real "}${className(bench, row)} ${bench.number[row]}`
}

function sideOf(bench, row) {
  return isSynthetic(bench, row) ? "synthetic" : "real"
}

function syntheticRows(bench) {
  return Array.from({ length: bench.ids.length - bench.realCount }, (_, index) => bench.realCount + index)
}

function rowsOf(bench, ids) {
  return ids.map((id) => bench.rows.get(id)).filter((row) => row !== undefined)
}
