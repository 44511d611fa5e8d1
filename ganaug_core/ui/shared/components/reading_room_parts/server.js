// What the server is asked: again and again until it answers, so that a server that was killed loses nothing.
const RETRY_MS = 1000

// `ask` gives a response, which becomes its JSON, or something else as it is
async function fromServer(room, ask) {
  for (;;) {
    try {
      const answer = await ask()
      if (!(answer instanceof Response)) return said(room, "", answer)
      if (answer.ok) return said(room, "", await answer.json())
      if (answer.status === 409) return said(room, "", { refused: await answer.json() })
      if (answer.status === 401) said(room, "This browser was let in by an earlier start. Open the new link; what you answered is kept.")
      else if (answer.status === 503) said(room, Object.values(await answer.json()).join(" "))
      else said(room, "This study was removed, or its address is wrong.")
    } catch {
      said(room, "The server does not answer. Your answer stays here and is sent again.")
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

function said(room, trouble, result) {
  const line = room.root.querySelector(".trouble")
  line.textContent = trouble
  line.hidden = !trouble
  return result
}

async function confirm(room) {
  const { confidence, label, tags } = room.answer
  if (room.step !== "reading" || !confidence || label < 0 || performance.now() - room.shownAt < FASTEST_MS) return
  room.seen += performance.now() - room.since
  show(room, "sending")
  const body = JSON.stringify({
    item: room.state.item,
    confidence,
    label,
    tags: room.data.tags.filter((tag) => tags.has(tag)),
    seconds: Math.round(room.seen) / 1000,
    pauses: room.pauses,
  })
  const state = await fromServer(room, () => fetch(room.data.address, { method: "POST", body }))
  if (state.refused) room.state = await fromServer(room, () => fetch(`${room.data.address}.json`))
  else room.state = state
  if (room.state.ended || room.state.closed) room.leave()
  else await next(room)
}

const FASTEST_MS = 300 // nobody looks faster: a key that is held down must not answer image after image
