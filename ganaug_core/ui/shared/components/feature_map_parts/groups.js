// Missing groups: an outline round the real images of each with its number, and a list that says what is missing.
const REACH = 9 // an outline runs this far from its points, in CSS pixels
const BADGE = 22

function paintGroups(state) {
  const shown = state.shown.groups ? state.groups : []
  const { pointsCanvas } = state
  const pen = pointsCanvas.getContext("2d")
  const badges = badgePlaces(shown.map(({ members }) => middleMember(state, members)), screenMiddle(state))
  shown.forEach(({ members }, index) => {
    const bright = state.group === index
    pen.globalAlpha = bright || state.group < 0 ? 1 : 0.35
    const image = outline(state, members, bright ? 3 : 1.5)
    pen.drawImage(image, 0, 0, pointsCanvas.clientWidth, pointsCanvas.clientHeight)
  })
  if (shown.length > 1) badges.forEach(([x, y], index) => {
    paintBadge(pen, x, y, shown[index].number + 1, state.group < 0 || state.group === index)
  })
  pen.globalAlpha = 1
  state.root.dataset.badges = JSON.stringify(badges)
}

// discs round all points, and smaller ones taken out of them: what is left runs round the whole group
function outline(state, members, width) {
  const canvas = (state.outlineCanvas ??= document.createElement("canvas"))
  canvas.width = state.pointsCanvas.width // also clears it
  canvas.height = state.pointsCanvas.height
  const pen = canvas.getContext("2d")
  const ratio = state.pointsCanvas.width / state.pointsCanvas.clientWidth
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  const discs = (radius, colour) => {
    pen.fillStyle = colour
    pen.beginPath()
    for (const row of members) {
      const [x, y] = screenPosition(state, row)
      pen.moveTo(x + radius, y)
      pen.arc(x, y, radius, 0, 2 * Math.PI)
    }
    pen.fill()
  }
  discs(REACH + width + 1, DARK)
  discs(REACH + width, WHITE)
  pen.globalCompositeOperation = "destination-out"
  discs(REACH, WHITE)
  return canvas
}

// the place of the member that lies nearest to the middle, so that a number never stands between two halves
function middleMember(state, members) {
  const places = members.map((row) => screenPosition(state, row))
  const middle = [0, 1].map((axis) => places.map((place) => place[axis]).sort((a, b) => a - b)[places.length >> 1])
  const squaredDistance = ([x, y]) => (x - middle[0]) ** 2 + (y - middle[1]) ** 2
  return places.reduce((best, place) => (squaredDistance(place) < squaredDistance(best) ? place : best))
}

// each number as near to its group's middle as it can be without covering another one or leaving the map
function badgePlaces(centres, [halfWidth, halfHeight]) {
  const placed = []
  const least = BADGE / 2 + 2
  const inside = (value, half) => Math.min(Math.max(least, value), 2 * half - least)
  const free = ([x, y]) => placed.every(([otherX, otherY]) => Math.hypot(x - otherX, y - otherY) > BADGE + 1)
  for (const [x, y] of centres) {
    let spot = [inside(x, halfWidth), inside(y, halfHeight)]
    for (let turn = 0; !free(spot) && turn < 400; turn++) {
      const away = 2 + turn / 2
      spot = [inside(x + away * Math.cos(turn), halfWidth), inside(y + away * Math.sin(turn), halfHeight)]
    }
    placed.push(spot)
  }
  return placed
}

function paintBadge(pen, x, y, number, bright) {
  pen.globalAlpha = bright ? 1 : 0.6
  pen.beginPath()
  pen.arc(x, y, BADGE / 2, 0, 2 * Math.PI)
  pen.fillStyle = DARK
  pen.fill()
  pen.strokeStyle = WHITE
  pen.lineWidth = 1.5
  pen.stroke()
  pen.fillStyle = WHITE
  pen.font = "600 12px sans-serif"
  pen.textAlign = "center"
  pen.textBaseline = "middle"
  pen.fillText(String(number), x, y + 0.5)
}

// the list below the map: pointing at an entry brightens its group, a click lists its real images below
function drawGroupList(state) {
  const list = state.root.querySelector(".groups")
  if (!list) return
  state.root.querySelector(".missing").hidden = !state.shown.groups || !state.groups.length
  const brighten = (index) => () => {
    state.group = index ?? state.opened
    paint(state)
  }
  replaceButtons(
    list,
    state.groups.map(({ says, number }, index) => {
      const button = toolButton(`${number + 1}  ${says}`, () => {
        state.opened = state.opened === index ? -1 : index
        state.send("group", state.opened < 0 ? null : number)
        drawGroupList(state)
        brighten()()
      }, state.opened === index)
      button.onpointerenter = button.onfocus = brighten(index)
      button.onpointerleave = button.onblur = brighten()
      return button
    }),
  )
}
