// A reader's screen: one image after the other, answered by keys or mouse. The browser never hears what an image is.
const ROOMS = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  let room = ROOMS.get(parentElement)
  if (!room) {
    room = { root: parentElement.querySelector(".room") }
    ROOMS.set(parentElement, room)
    room.onKey = (event) => onKey(room, event)
    room.onHide = () => document.hidden && room.step === "reading" && pause(room)
    document.addEventListener("keydown", room.onKey, true) // before the page's own shortcuts
    document.addEventListener("visibilitychange", room.onHide)
  }
  room.leave = () => leave(room, setTriggerValue)
  const isOther = room.data?.address !== data.address
  room.data = data
  if (isOther) {
    build(room)
    welcome(room)
  }
  return () => {
    clearTimeout(room.reload)
    document.removeEventListener("keydown", room.onKey, true)
    document.removeEventListener("visibilitychange", room.onHide)
    ROOMS.delete(parentElement)
  }
}

async function welcome(room) {
  room.state = await fromServer(room, () => fetch(`${room.data.address}.json`))
  if (room.state.ended || room.state.closed) room.leave()
  else show(room, room.state.done ? "back" : "welcome")
}

// the page goes on; where it does not hear, as after a restart of the server, it is loaded anew
function leave(room, setTriggerValue) {
  show(room, "left")
  setTriggerValue("left", true)
  room.reload = setTimeout(() => location.reload(), PATIENCE_MS)
}

const PATIENCE_MS = 4000

async function begin(room) {
  prefetch(room, room.state.item)
  await next(room)
}

async function next(room) {
  const { item, following } = room.state
  room.answer = { confidence: 0, label: room.data.classes.length === 1 ? 0 : -1, tags: new Set() }
  const picture = await prefetch(room, item)
  room.image.replaceChildren(picture)
  room.seen = 0
  room.pauses = 0
  show(room, "reading")
  room.since = performance.now()
  room.shownAt = room.since
  if (following) prefetch(room, following)
}

// an image that is loaded and decoded before it is needed, so that each appears at once
function prefetch(room, item) {
  if (room.loading?.item === item) return room.loading.picture
  const picture = fromServer(room, async () => {
    const image = new Image(room.data.shown[1], room.data.shown[0])
    image.alt = "the image to read"
    image.draggable = false
    image.src = `${room.data.address}/${item}.bmp`
    await image.decode()
    return image
  })
  room.loading = { item, picture }
  return picture
}

function pause(room) {
  if (room.step !== "reading") return
  room.seen += performance.now() - room.since
  room.pauses += 1
  show(room, "paused")
}

function goOn(room) {
  room.since = performance.now()
  show(room, "reading")
}
