// What the gallery shows: sections of real images above synthetic ones, by finding, lasso, class, decision and order.
const STRIP = 24 // real images of a class for comparison
const MOST_TILES = 2400
const DECIDED = { undecided: "not yet decided", keep: "kept", reject: "rejected", flag: "flagged", disputed: "readers disagree" }

function sortings(bench) {
  const score = (name) => (row) => bench.scores[name]?.[row - bench.realCount] ?? null
  const known = [["made", "as drawn", (row) => row]]
  if (bench.isNearnessComplete)
    known.push(["distance", `${bench.data.hasNearest ? "distance" : "quick distance"}, nearest first`, (row) => distanceOf(bench, row)])
  if (bench.scores.copy) known.push(["copy", "copy score, lowest first", score("copy")])
  if (bench.scores.odd) known.push(["odd", "oddest first", score("odd")])
  if (bench.scores.texture) known.push(["texture", "texture unlike real first", (row) => -score("texture")(row)])
  if (bench.scores.doubt) known.push(["doubt", "doubtful class first", (row) => -score("doubt")(row)])
  if (bench.scores.realism) known.push(["realism", toldApart(bench), (row) => -(score("realism")(row) ?? -Infinity)])
  else if (bench.data.giveAways.length) known.push(["realism", "told from real first", realism(bench)])
  if (hasReaders(bench)) known.push(["disputed", "readers: disagreements first", (row) => dispute(bench, row)])
  known.push(["decision", "decision", (row) => ["flag", "reject", "keep"].indexOf(decisionOf(bench, row)?.decision)])
  return known
}

// by the audit's classifier, which is shown as many synthetic images of a class as real ones are held out
function toldApart(bench) {
  const { realism } = bench.scores
  const shown = realism.filter((score) => score !== null).length
  return `told from real first (by the audit's classifier${shown < realism.length ? `: it saw ${shown.toLocaleString("en")}` : ""})`
}

// an audit from before its classifier's scores were kept names only the images that it is surest of: they come first
function realism(bench) {
  const places = new Map(bench.data.giveAways.map((id, place) => [id, place]))
  return (row) => places.get(bench.ids[row]) ?? Infinity
}

function sortRows(bench, rows) {
  const [, , valueOf] = sortings(bench).find(([name]) => name === bench.choice.sort) ?? sortings(bench)[0]
  const values = new Map(rows.map((row) => [row, valueOf(row) ?? Infinity]))
  return rows.sort((a, b) => values.get(a) - values.get(b) || a - b)
}

function passes(bench, row) {
  const { label, which } = bench.choice
  if (label >= 0 && bench.label[row] !== label) return false
  if (bench.inLasso && !bench.inLasso.has(row)) return false
  if (!isSynthetic(bench, row) || which === "all") return true
  if (which === "disputed") return isDisputed(bench, row)
  const decided = decisionOf(bench, row)?.decision
  return which === "undecided" ? !decided : decided === which
}

function buildSections(bench) {
  const finding = chosenFinding(bench)
  const sections = finding ? sectionsOfFinding(bench, finding) : sectionsOfClasses(bench)
  const shown = sections.filter(({ real, rows }) => real.length || rows.length)
  let left = MOST_TILES
  for (const section of shown) {
    section.rows = section.rows.slice(0, left)
    section.real = section.real.slice(0, 600)
    left -= section.rows.length
  }
  bench.total = sections.reduce((sum, { total }) => sum + total, 0)
  bench.sections = shown
  bench.list = shown.flatMap(({ rows }) => rows)
}

function sectionsOfClasses(bench) {
  return bench.data.classes.map((name, label) => {
    const rows = syntheticRows(bench).filter((row) => bench.label[row] === label && passes(bench, row))
    const real = passesClass(bench, label) ? realOfClass(bench, label) : []
    return newSection(bench, name, real, rows)
  })
}

function passesClass(bench, label) {
  return bench.choice.label < 0 || bench.choice.label === label
}

// all that a lasso holds; without one so many training images, evenly chosen
function realOfClass(bench, label) {
  if (bench.inLasso) return [...bench.inLasso].filter((row) => !isSynthetic(bench, row) && bench.label[row] === label)
  if (!bench.strips.has(label)) bench.strips.set(label, evenlyChosen(bench, label))
  return [...bench.strips.get(label)]
}

function evenlyChosen(bench, label) {
  const training = []
  for (let row = 0; row < bench.realCount; row++) if (bench.label[row] === label && bench.role[row] === 0) training.push(row)
  const step = Math.max(1, training.length / STRIP)
  return training.filter((_, place) => Math.floor(place / step) !== Math.floor((place - 1) / step))
}

function sectionsOfFinding(bench, finding) {
  const group = finding.groups?.[bench.choice.group]
  const groups = group ? [group] : finding.groups
  if (groups)
    return groups.map(({ real, images }) => {
      const [row] = rowsOf(bench, [real])
      const rows = rowsOf(bench, images).filter((copy) => passes(bench, copy))
      const title = row === undefined ? real : `${nameOf(bench, row)}, ${bench.data.roles[bench.role[row]]}`
      return newSection(bench, title, row === undefined || !rows.length ? [] : [row], rows, true)
    })
  const real = rowsOf(bench, finding.real)
  const rows = rowsOf(bench, finding.images).filter((row) => passes(bench, row))
  return [newSection(bench, finding.gallery, real, rows, finding.isOrdered)]
}

function newSection(bench, title, real, rows, isOrdered = false) {
  return { title, real, rows: isOrdered && bench.choice.sort === "made" ? rows : sortRows(bench, rows), total: rows.length }
}
