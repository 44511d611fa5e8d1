// All of it can be done without a mouse; Tab and Enter reach the buttons as everywhere.
function onKey(room, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const [target] = event.composedPath()
  if (target.closest?.("input, textarea, select, [contenteditable]")) return
  if (!command(room, event)) return
  event.preventDefault()
  event.stopPropagation()
}

function command(room, event) {
  const key = event.key.toLowerCase()
  const isEnter = key === "enter"
  // Enter presses the button that Tab has reached; one that was clicked does not keep it
  if (isEnter && event.composedPath()[0].closest?.("button:not(.next, .begin, .goon)")) return false
  if (room.step === "welcome" || room.step === "back") return isEnter && run(event, () => begin(room))
  if (room.step === "paused") return (isEnter || key === "p") && run(event, () => goOn(room))
  if (room.step !== "reading") return isEnter
  if (isEnter) return run(event, () => confirm(room))
  if (key === "p") return run(event, () => pause(room))
  if (/^[1-6]$/.test(key)) return run(event, () => rate(room, Number(key)))
  const label = CLASS_KEYS.indexOf(key)
  if (label >= 0 && label < room.data.classes.length) return run(event, () => classify(room, label))
  const place = TAG_KEYS.indexOf(key)
  if (place >= 0 && place < room.data.tags.length) return run(event, () => tag(room, room.data.tags[place]))
  return false
}

// a key that is held down does a thing once
function run(event, act) {
  if (!event.repeat) act()
  return true
}
