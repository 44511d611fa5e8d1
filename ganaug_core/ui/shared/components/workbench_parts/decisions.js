// Keep, reject or flag: at once on the screen, sent as a list of what is not yet confirmed, so that nothing is lost.
const FASTEST_MS = 300 // nobody looks faster: a key that is held down must not judge image after image

function decisionOf(bench, row) {
  return bench.decisions.get(bench.ids[row])
}

// what the server knows, and above it what it has not confirmed yet
function readDecisions(bench) {
  const { decisions } = bench.data
  const before = bench.decisions
  const own = Object.entries(decisions[bench.reader] ?? {})
  bench.decisions = new Map(own.map(([id, [decision, reason, note]]) => [id, { decision, reason, note }]))
  for (const { images, decision, reason, note, restored } of bench.outbox.filter(({ reader, address }) => reader === bench.reader && address === bench.data.decide))
    images.forEach((id, place) => setDecision(bench, id, decision === "undo" ? restored[place] : { decision, reason, note }))
  if (!bench.rows) return
  for (const id of new Set([...before.keys(), ...bench.decisions.keys()])) markTile(bench, bench.rows.get(id))
}

function setDecision(bench, id, value) {
  if (value) bench.decisions.set(id, value)
  else bench.decisions.delete(id)
}

function decidedRows(bench) {
  if (bench.selected.size) return [...bench.selected]
  return bench.picked >= 0 && isSynthetic(bench, bench.picked) ? [bench.picked] : []
}

function decide(bench, decision, reason = "") {
  const rows = decidedRows(bench)
  const now = performance.now()
  if (!rows.length || now - bench.decidedAt < FASTEST_MS) return
  bench.decidedAt = now
  const field = bench.root.querySelector(".note")
  const note = field.value.trim()
  field.value = ""
  const images = rows.map((row) => bench.ids[row])
  bench.undone.push({ images, restored: images.map((id) => bench.decisions.get(id) ?? null) })
  images.forEach((id) => bench.decisions.set(id, { decision, reason, note }))
  send(bench, { images, decision, reason, note })
  rows.forEach((row) => markTile(bench, row))
  announce(bench, `${rows.length === 1 ? nameOf(bench, rows[0]) : `${rows.length} images`}: ${decision}`)
  if (bench.selected.size) clearSelected(bench)
  if (bench.goesOn && rows.length === 1) pick(bench, nextUndecided(bench, rows[0]))
  else drawDecisions(bench)
}

function undo(bench) {
  const last = bench.undone.pop()
  if (!last) return
  last.images.forEach((id, place) => setDecision(bench, id, last.restored[place]))
  send(bench, { images: last.images, decision: "undo", restored: last.restored })
  const rows = rowsOf(bench, last.images)
  rows.forEach((row) => markTile(bench, row))
  announce(bench, `Taken back: ${rows.length === 1 ? nameOf(bench, rows[0]) : `${rows.length} images`}`)
  if (rows.length === 1) pick(bench, rows[0])
  else drawDecisions(bench)
}

function send(bench, entry) {
  bench.sentNumber += 1
  bench.outbox.push({ number: bench.sentNumber, address: bench.data.decide, reader: bench.reader, ...entry })
  if (!bench.isSending) sendAll(bench)
}

// again and again until it is confirmed, also when the page has been left meanwhile: nothing that was decided is lost
async function sendAll(bench) {
  bench.isSending = true
  while (bench.outbox.length) {
    const { address, entries } = nextParcel(bench)
    const body = JSON.stringify({ session: bench.session, entries })
    const answer = await fetch(address, { method: "POST", body, keepalive: body.length < LARGEST_KEPT_ALIVE }).catch(() => null)
    if (answer?.ok) confirmDecisions(bench, address, await answer.json())
    else if (answer?.status === 404) {
      bench.outbox = bench.outbox.filter((entry) => entry.address !== address)
      tellProblem(bench, "This set was removed: what you decide about it is not kept.")
    } else {
      tellProblem(bench, answer?.status === 401 ? LET_IN_EARLIER : "The server does not answer. Your decisions stay here and are sent again.")
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
  bench.isSending = false
}

const RETRY_MS = 1000
const LET_IN_EARLIER = "This browser was let in by an earlier start of ganaug. Open the new link in another tab; your decisions are sent then."
const LARGEST_KEPT_ALIVE = 60000 // bytes that a browser still sends when the window is closed

// the oldest entries that are about one set
function nextParcel(bench) {
  const [{ address }] = bench.outbox
  const end = bench.outbox.findIndex((entry) => entry.address !== address)
  return { address, entries: end < 0 ? bench.outbox : bench.outbox.slice(0, end) }
}

function confirmDecisions(bench, address, { applied, problem, decisions }) {
  bench.outbox = bench.outbox.filter(({ number }) => number > applied)
  if (bench.isGone || address !== bench.data.decide) return
  bench.data = { ...bench.data, decisions }
  readDecisions(bench)
  drawDecisions(bench)
  tellProblem(bench, problem)
  bench.root.dataset.confirmed = applied
}

function tellProblem(bench, text) {
  const problem = bench.root.querySelector(".decide .problem")
  problem.hidden = !text
  problem.textContent = text ?? ""
}

// the next undecided image of the list, going round; the same one where all are decided
function nextUndecided(bench, row) {
  const start = bench.list.indexOf(row)
  const inOrder = [...bench.list.slice(start + 1), ...bench.list.slice(0, start + 1)]
  return inOrder.find((other) => other !== row && !decisionOf(bench, other)) ?? row
}

function drawDecisions(bench) {
  const pane = bench.root.querySelector(".decide")
  const rows = decidedRows(bench)
  const newest = rows.length === 1 ? decisionOf(bench, rows[0]) : null
  const done = { keep: "kept", reject: "rejected", flag: "flagged" }
  let said = "Choose a synthetic image to decide about."
  if (rows.length === 1 && isComparing(bench)) said = `${nameOf(bench, rows[0])} · ${bench.ids[rows[0]]}: ${comparedText(bench, rows[0], done)}`
  else if (rows.length > 1) said = `${rows.length.toLocaleString("en")} images are selected.`
  else if (rows.length) {
    const because = [newest?.reason, newest?.note].filter(Boolean).join("; ")
    said = `${nameOf(bench, rows[0])} · ${bench.ids[rows[0]]}: ${newest ? done[newest.decision] : "not yet decided"}${because ? ` (${because})` : ""}`
  }
  pane.querySelector(".target").textContent = said
  for (const button of pane.querySelectorAll("button[data-decision]")) {
    button.disabled = !rows.length
    button.setAttribute("aria-pressed", String(!button.dataset.reason && newest?.decision === button.dataset.decision))
  }
  pane.querySelector(".set").hidden = bench.selected.size < 2
  pane.querySelector(".undo").disabled = !bench.undone.length
  const counts = { keep: 0, reject: 0, flag: 0 }
  for (const { decision } of bench.decisions.values()) counts[decision] += 1
  const left = bench.ids.length - bench.realCount - bench.decisions.size
  const told = Object.entries(done).map(([decision, word]) => `${counts[decision].toLocaleString("en")} ${word}`)
  const counted = `${told.join(", ")}, ${left.toLocaleString("en")} undecided`
  pane.querySelector(".counts").textContent = isComparing(bench) ? comparisonText(bench) : counted
}

function comparedText(bench, row, done) {
  const told = decisionsOf(bench, row).map(([reader, { decision, reason, note }]) => {
    const because = [reason, note].filter(Boolean).join("; ")
    return `${readerName(reader)}: ${done[decision]}${because ? ` (${because})` : ""}`
  })
  return told.join(" · ") || "not yet decided"
}

function listenToDecisions(bench) {
  const pane = bench.root.querySelector(".decide")
  const reader = pane.querySelector(".reader")
  reader.value = bench.reader === NOBODY ? "" : bench.reader
  reader.onchange = () => changeReader(bench, reader.value)
  const reasons = bench.data.reasons.map((reason, index) => {
    const button = document.createElement("button")
    button.type = "button"
    Object.assign(button.dataset, { decision: "reject", reason })
    button.append(reason, keyMark(String(index + 1)))
    return button
  })
  pane.querySelector(".reasons").replaceChildren(...reasons)
  pane.onclick = (event) => {
    const button = event.target.closest("button")
    if (button?.dataset.decision) decide(bench, button.dataset.decision, button.dataset.reason)
    else if (button?.classList.contains("undo")) undo(bench)
    else if (button?.classList.contains("all")) selectAll(bench)
    else if (button?.classList.contains("set")) nameSet(bench)
  }
  pane.querySelector(".onward").onchange = (event) => (bench.goesOn = event.target.checked)
}

function keyMark(key) {
  const mark = document.createElement("kbd")
  mark.textContent = key
  return mark
}
