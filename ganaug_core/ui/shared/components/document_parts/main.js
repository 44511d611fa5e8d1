// A whole HTML document in a frame that runs no script and asks for nothing.

export default function ({ parentElement, data }) {
  const frame = parentElement.querySelector("iframe")
  frame.title = data.title
  frame.style.height = `${data.height}px`
  if (frame.srcdoc !== data.document) frame.srcdoc = data.document
}
