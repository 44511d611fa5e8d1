// The lecture's clock, its two-minute versions, and the speaker's window; what is kept lies in the browser, for all its windows.
const KEPT = "ganaug-lecture"

function readLecture() {
  try {
    return { spent: [], since: 0, screen: 0, ...JSON.parse(localStorage.getItem(KEPT)) }
  } catch {
    return { spent: [], since: 0, screen: 0 }
  }
}

function keepLecture(story) {
  localStorage.setItem(KEPT, JSON.stringify(story.kept))
}

function blockOf(story) {
  return story.data.lecture.block_of[story.place]
}

// what has passed since the last look counts for the block that was shown
function countTime(story) {
  const { kept } = story
  if (!kept.since) return
  const now = Date.now()
  kept.spent[blockOf(story)] = (kept.spent[blockOf(story)] ?? 0) + Math.max(0, now - kept.since)
  kept.since = now
}

function startOrStop(story) {
  countTime(story)
  story.kept.since = story.kept.since ? 0 : Date.now()
  keepLecture(story)
  showClock(story)
}

function clockToZero(story) {
  Object.assign(story.kept, { spent: [], since: 0 })
  keepLecture(story)
  showClock(story)
}

function minutes(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

function showClock(story) {
  const { blocks, words } = story.data.lecture
  const number = blockOf(story)
  const running = story.kept.since ? Date.now() - story.kept.since : 0
  const spent = blocks.map((_, n) => (story.kept.spent[n] ?? 0) + (n === number ? running : 0))
  const left = 60000 * blocks[number].minutes - spent[number]
  const whole = spent.reduce((sum, one) => sum + one, 0)
  const all = 60000 * blocks.reduce((sum, block) => sum + block.minutes, 0)
  const begun = 60000 * blocks.slice(0, number).reduce((sum, block) => sum + block.minutes, 0)
  const clock = story.root.querySelector(".clock")
  clock.dataset.late = String(left < 0)
  clock.dataset.running = String(Boolean(story.kept.since))
  clock.textContent =
    `${words.block} ${number + 1}/${blocks.length} (${begun / 60000}–${begun / 60000 + blocks[number].minutes} min): ` +
    `${minutes(spent[number])} ${words.used}, ${minutes(left)} ${left < 0 ? words.over : words.left} · ` +
    `${words.lecture} ${minutes(whole)} / ${minutes(all)}`
  story.root.querySelector(".tools .run")?.replaceChildren(story.kept.since ? words.stop : words.start)
}

function startLecture(story) {
  const { words } = story.data.lecture
  story.kept = readLecture()
  const tools = story.root.querySelector(".tools")
  const button = (className, text, act) => {
    const made = element("button", className, text)
    made.type = "button"
    made.onclick = act
    return made
  }
  const short = button("short", words.short, () => toggleShort(story))
  const zero = button("zero", words.zero, () => clockToZero(story))
  tools.replaceChildren(button("run", words.start, () => startOrStop(story)), ...(story.data.isSpeaker ? [zero] : [short]))
  story.root.querySelector(".back").textContent = `← ${words.back}`
  story.root.querySelector(".next").textContent = `${words.next} →`
  const leaveLink = story.root.querySelector(".leave")
  leaveLink.textContent = words.leave
  leaveLink.href = `/lecture?language=${story.data.lecture.language}`
  story.ticking = setInterval(() => showClock(story), 1000)
  story.onStorage = (event) => {
    if (event.key !== KEPT || !event.newValue) return
    story.kept = readLecture()
    if (story.kept.screen !== story.place && story.kept.screen < story.data.chapters.length) {
      story.place = story.kept.screen
      show(story)
    }
    showClock(story)
  }
  window.addEventListener("storage", story.onStorage)
}

function endLecture(story) {
  clearInterval(story.ticking)
  window.removeEventListener("storage", story.onStorage)
}

function toggleShort(story) {
  story.isShort = !story.isShort
  show(story)
}

// the short version, and the picture that stands for the block where nothing else can be shown
function shortOf(story) {
  const block = story.data.lecture.blocks[blockOf(story)]
  const text = element("div", "briefly")
  text.append(...block.short.map((sentence) => element("p", "", sentence)))
  return [text, stillOf(block)]
}

function stillOf({ title, still }) {
  const picture = element("img", "still")
  picture.src = still
  picture.alt = title
  return picture
}

function notesOf(story) {
  const { blocks, words } = story.data.lecture
  const block = blocks[blockOf(story)]
  const next = story.data.chapters[story.place + 1]
  const notes = element("div", "notes")
  notes.append(...block.notes.map((sentence) => element("p", "", sentence)))
  const short = element("div", "notes brief")
  short.append(element("b", "", words.two_minutes), ...block.short.map((sentence) => element("p", "", sentence)))
  return [notes, short, element("p", "coming", next ? `${words.coming}: ${next.title}` : "")]
}
