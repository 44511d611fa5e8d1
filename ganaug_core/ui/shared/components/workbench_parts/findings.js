// Findings first, as pictures: choosing one filters the gallery, outlines it alone on the map and opens the worst pair.
const SIGN_OF = { fail: "✕", warn: "!", pass: "✓", not_assessable: "?", none: "→" }

function chosenFinding(bench) {
  return bench.data.findings.find(({ key }) => key === bench.choice.finding)
}

function chooseFinding(bench, key, group = -1) {
  const { sort } = bench.data.findings.find((finding) => finding.key === key)
  if (sort) {
    sortAll(bench, sort)
    return
  }
  const isSame = bench.choice.finding === key && bench.choice.group === group
  Object.assign(bench.choice, { finding: isSame ? "" : key, group: isSame ? -1 : group, label: -1, which: "all", sort: "made" })
  clearLassoOf(bench)
  const finding = chosenFinding(bench)
  bench.changed({ step: true, zoom: true })
  if (finding) pick(bench, worstOf(bench, finding))
}

// before an audit: all images by the quick measure, the nearest of all picked
function sortAll(bench, sort) {
  Object.assign(bench.choice, { finding: "", group: -1, label: -1, which: "all", sort })
  clearLassoOf(bench)
  bench.changed({ step: true })
  const known = bench.list.filter((row) => distanceOf(bench, row) !== undefined)
  if (known.length) pick(bench, known.reduce((best, row) => (distanceOf(bench, row) < distanceOf(bench, best) ? row : best)))
}

// the image that shows best what a finding says: of copies the one nearest to its real image, else the first
function worstOf(bench, finding) {
  const { groups } = finding
  const images = groups ? (groups[bench.choice.group] ?? groups[0]).images : finding.images
  return rowsOf(bench, [...images, ...finding.real])[0] ?? bench.picked
}

function drawFindings(bench) {
  const { finding, group } = bench.choice
  const cards = JSON.stringify([bench.data.audited, bench.data.findings.length, finding, group, bench.isNearnessComplete])
  if (cards === bench.cards) return // nothing else changes them
  bench.cards = cards
  const list = bench.root.querySelector(".findings")
  const top = list.scrollTop
  list.replaceChildren(...bench.data.findings.map((finding) => findingCard(bench, finding)), ...auditOffer(bench))
  list.scrollTop = top
}

function findingCard(bench, finding) {
  const isChosen = bench.choice.finding === finding.key
  const card = document.createElement("article")
  card.dataset.finding = finding.key
  card.dataset.state = finding.state
  const button = document.createElement("button")
  button.type = "button"
  button.setAttribute("aria-pressed", String(isChosen))
  const sign = document.createElement("i")
  sign.textContent = SIGN_OF[finding.state]
  sign.setAttribute("aria-label", bench.data.states[finding.state] ?? "")
  const title = document.createElement("b")
  title.textContent = finding.title
  const thumbs = finding.sort ? nearestPairs(bench) : rowsOf(bench, finding.thumbs)
  button.append(sign, title, ...(thumbs.length ? [thumbnails(bench, thumbs, 44)] : []))
  button.onclick = () => chooseFinding(bench, finding.key)
  card.append(button)
  if (isChosen || !finding.thumbs.length) card.append(...findingText(finding))
  if (isChosen && finding.groups?.length > 1) card.append(groupList(bench, finding))
  return card
}

// the two nearest by the quick measure, each with its real image
function nearestPairs(bench) {
  if (!bench.isNearnessComplete) return []
  const rows = syntheticRows(bench).sort((a, b) => distanceOf(bench, a) - distanceOf(bench, b))
  return rows.slice(0, 2).flatMap((row) => [nearestOf(bench, row)[0].row, row])
}

function findingText(finding) {
  const says = document.createElement("p")
  says.textContent = finding.says
  if (!finding.grounds) return [says]
  return [says, howWeKnow(finding.grounds)]
}

function howWeKnow(grounds) {
  const details = document.createElement("details")
  const summary = document.createElement("summary")
  summary.textContent = "How do we know"
  details.append(summary, grounds)
  return details
}

// the copied images, each with the number of its copies; choosing one shows it once and its copies under it
function groupList(bench, finding) {
  const list = document.createElement("div")
  list.className = "groups"
  list.setAttribute("role", "group")
  list.setAttribute("aria-label", "Copied real images")
  finding.groups.forEach(({ real, images }, index) => {
    const rows = rowsOf(bench, [real])
    if (!rows.length) return
    const button = document.createElement("button")
    button.type = "button"
    button.setAttribute("aria-pressed", String(bench.choice.group === index))
    button.title = `${nameOf(bench, rows[0])}, ${real}: ${images.length} copies`
    button.setAttribute("aria-label", button.title)
    button.append(thumbnails(bench, rows, 44), `×${images.length}`)
    button.onclick = () => chooseFinding(bench, finding.key, index)
    list.append(button)
  })
  return list
}

function auditOffer(bench) {
  if (bench.data.audited || !bench.data.canBeAudited) return []
  const button = document.createElement("button")
  button.type = "button"
  button.className = "primary"
  button.textContent = "Start the audit"
  button.onclick = () => bench.trigger("audit", true)
  return [button]
}
