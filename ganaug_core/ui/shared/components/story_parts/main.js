// The story covers the window; arrow keys, page keys (as presenters send them), space and clicks lead through it.
const STORIES = new WeakMap()

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".story")
  const [first, second] = readVotes()
  const source = { headers: new Map(), images: new Map(), loaded: new Map(), request: data }
  const story = { data, root, source, first, second, keys: {}, leaving: [], place: STORIES.get(parentElement)?.place ?? startPlace(data) }
  STORIES.set(parentElement, story)
  if (data.lecture) startLecture(story)
  root.querySelector(".back").onclick = () => go(story, -1)
  root.querySelector(".next").onclick = () => go(story, 1)
  const onKey = (event) => pressed(story, event)
  document.addEventListener("keydown", onKey, true)
  show(story)
  return () => {
    document.removeEventListener("keydown", onKey, true)
    if (data.lecture) endLecture(story)
    leave(story)
  }
}

function startPlace({ chapters }) {
  const asked = Number(new URLSearchParams(location.search).get("screen") ?? 1) - 1
  return Number.isInteger(asked) && asked >= 0 && asked < chapters.length ? asked : 0
}

function pressed(story, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const steps = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1, Home: -Infinity, End: Infinity }
  if (event.key in steps) go(story, steps[event.key])
  else if (event.key === " " && event.target?.tagName !== "BUTTON" && deepest()?.tagName !== "BUTTON") go(story, 1)
  else if (event.key === "Escape") location.assign(story.root.querySelector(".leave").href)
  else if (story.data.lecture && event.key === "2") toggleShort(story)
  else if (story.data.lecture && event.key.toLowerCase() === "t") startOrStop(story)
  else if (story.keys[event.key.toLowerCase()]) story.keys[event.key.toLowerCase()]()
  else return
  event.preventDefault()
  event.stopPropagation()
}

function deepest() {
  let active = document.activeElement
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement
  return active
}

function go(story, steps) {
  const last = story.data.chapters.length - 1
  const place = Math.min(last, Math.max(0, story.place + steps))
  if (place === story.place) return
  if (story.data.lecture) countTime(story)
  story.place = place
  story.isShort = false
  if (story.data.lecture) keepLecture(Object.assign(story, { kept: { ...story.kept, screen: place } }))
  const query = new URLSearchParams(location.search)
  query.set("screen", place + 1)
  history.replaceState(history.state, "", `${location.pathname}?${query}`)
  show(story)
}

function leave(story) {
  for (const stop of story.leaving.splice(0)) stop()
  story.keys = {}
}

function show(story) {
  leave(story)
  const { root, place } = story
  const { kind, title, says, content } = story.data.chapters[place]
  const count = story.data.chapters.length
  root.dataset.kind = story.data.isSpeaker ? "notes" : story.isShort ? "short" : kind
  root.querySelector("h2").textContent = title
  const isShown = root.dataset.kind === kind
  root.querySelector(".says").replaceChildren(...(isShown ? says : []).map((sentence) => element("p", "", sentence)))
  root.querySelector(".stage").replaceChildren(...(isShown ? SCREENS[kind] : story.data.isSpeaker ? notesOf : shortOf)(story, content))
  root.querySelector(".place").textContent = `${place + 1} ${story.data.lecture ? "/" : "of"} ${count}`
  root.querySelector(".back").disabled = place === 0
  root.querySelector(".next").disabled = place === count - 1
  if (story.data.lecture) showClock(story)
  root.dataset.ready = String(place + 1)
}
