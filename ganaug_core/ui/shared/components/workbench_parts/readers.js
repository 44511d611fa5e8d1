// Readers decide without seeing each other's decisions; who compares them sees both, disagreements first.
const NOBODY = "local" // a reader without a name
const READER_KEY = "ganaug-reader"

function rememberedReader() {
  try {
    return localStorage.getItem(READER_KEY) || NOBODY
  } catch {
    return NOBODY
  }
}

function changeReader(bench, name) {
  bench.reader = name.trim() || NOBODY
  try {
    localStorage.setItem(READER_KEY, bench.reader)
  } catch {
    // it holds for this page then
  }
  bench.undone = []
  readDecisions(bench)
  bench.changed()
  announce(bench, `Decisions are those of ${bench.reader === NOBODY ? "a reader without a name" : bench.reader}`)
}

function hasReaders(bench) {
  return new Set([...Object.keys(bench.data.decisions), bench.reader]).size > 1
}

function isComparing(bench) {
  return bench.choice.which === "disputed" || bench.choice.sort === "disputed"
}

// what each reader decided about an image: [reader, decision], the one who sits here first
function decisionsOf(bench, row) {
  const id = bench.ids[row]
  const others = Object.entries(bench.data.decisions).filter(([reader, of]) => reader !== bench.reader && of[id])
  const own = bench.decisions.get(id)
  return [...(own ? [[bench.reader, own]] : []), ...others.map(([reader, of]) => [reader, { decision: of[id][0], reason: of[id][1], note: of[id][2] }])]
}

function isDisputed(bench, row) {
  return new Set(decisionsOf(bench, row).map(([, { decision }]) => decision)).size > 1
}

// disagreements, then what several agree on, then what one has decided, then the rest
function dispute(bench, row) {
  if (isDisputed(bench, row)) return 0
  const { length } = decisionsOf(bench, row)
  return length > 1 ? 1 : 3 - length
}

function readerName(reader) {
  return reader === NOBODY ? "no name" : reader
}

function comparisonText(bench) {
  const several = syntheticRows(bench).filter((row) => decisionsOf(bench, row).length > 1)
  const disputed = several.filter((row) => isDisputed(bench, row))
  return `Of ${several.length.toLocaleString("en")} images that several readers decided about they disagree on ${disputed.length.toLocaleString("en")}.`
}
