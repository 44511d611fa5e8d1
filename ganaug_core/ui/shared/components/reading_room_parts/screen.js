// What stands on the screen. All texts are set as text.
const CLASS_KEYS = "asdfghjkl"
const TAG_KEYS = "qwetu"

function build(room) {
  const { root, data } = room
  room.image = root.querySelector(".image")
  room.image.style.width = `${data.shown[1]}px`
  room.image.style.height = `${data.shown[0]}px`
  root.querySelector(".who").textContent = data.reader
  root.querySelector(".kept").replaceChildren(...data.kept.map((line) => Object.assign(document.createElement("li"), { textContent: line })))
  root.querySelector(".asked").textContent = data.asked
  fill(root.querySelector(".scale"), data.scale.map((text, place) => [String(place + 1), text, () => rate(room, place + 1)]))
  fill(root.querySelector(".classes"), data.classes.map((text, place) => [CLASS_KEYS[place] ?? "", text, () => classify(room, place)]))
  fill(root.querySelector(".tags"), data.tags.map((text, place) => [TAG_KEYS[place] ?? "", text, () => tag(room, text)]))
  root.querySelector(".which").hidden = data.classes.length === 1
  root.querySelector(".begin").onclick = () => begin(room)
  root.querySelector(".next").onclick = () => confirm(room)
  root.querySelector(".pause").onclick = () => pause(room)
  root.querySelector(".goon").onclick = () => goOn(room)
  for (const button of root.querySelectorAll(".leave")) button.onclick = () => room.leave()
}

function fill(group, entries) {
  group.replaceChildren(...entries.map(([key, text, choose]) => {
    const button = Object.assign(document.createElement("button"), { type: "button" })
    button.onclick = (event) => {
      choose()
      if (event.detail) button.blur() // a mouse: Enter goes on
    }
    const mark = Object.assign(document.createElement("kbd"), { textContent: key.toUpperCase() })
    button.append(...(key ? [mark] : []), text)
    return button
  }))
}

function rate(room, confidence) {
  if (room.step !== "reading") return
  room.answer.confidence = confidence
  draw(room)
}

function classify(room, label) {
  if (room.step !== "reading") return
  room.answer.label = label
  draw(room)
}

function tag(room, text) {
  if (room.step !== "reading") return
  const { tags } = room.answer
  if (!tags.delete(text)) tags.add(text)
  draw(room)
}

// welcome, back, reading, sending, paused, left
function show(room, step) {
  room.step = step
  room.root.dataset.step = step
  room.root.dataset.done = room.state.done
  const { done, total } = room.state
  room.root.querySelector(".progress").textContent = `${Math.min(done + 1, total)} of ${total}`
  room.root.querySelector("progress").value = done / total
  room.root.querySelector(".welcome h2").textContent = step === "back" ? `Welcome back: ${done} of ${total} are answered.` : room.data.title
  room.root.querySelector(".begin span").textContent = step === "back" ? "Go on" : "Begin"
  draw(room)
}

function draw(room) {
  const { confidence, label, tags } = room.answer ?? { confidence: 0, label: -1, tags: new Set() }
  press(room.root.querySelector(".scale"), (place) => place + 1 === confidence)
  press(room.root.querySelector(".classes"), (place) => place === label)
  press(room.root.querySelector(".tags"), (place) => tags.has(room.data.tags[place]))
  room.root.querySelector(".next").disabled = !confidence || label < 0 || room.step !== "reading"
}

function press(group, isChosen) {
  ;[...group.children].forEach((button, place) => button.setAttribute("aria-pressed", String(isChosen(place))))
}
