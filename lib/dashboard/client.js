/**
 * The dashboard's script: puts in place what the server sends, and steps through the search's generations. It is
 * inlined into the page.
 */

/** How long a generation stays while they are played, ms. */
const frameMs = 700;

const byId = (id) => document.getElementById(id);
const [moment, momentText, play, controls] = ["moment", "moment-text", "play", "controls"].map(byId);

// What the server sends

const source = new EventSource(`events${location.search}`);

source.addEventListener("part", ({ data }) => {
  const { id, section, html } = JSON.parse(data);
  showPart(id, byId(section), html);
  if (id === "candidates") takeMoments();
});

source.addEventListener("look", ({ data }) => {
  const { isRunning, changedAtMs } = JSON.parse(data);
  if (isRunning) showState("live", "Live");
  else showState("idle", "No command is at work on this run");
  const time = changedAtMs === null ? "" : new Date(changedAtMs).toLocaleString();
  showText(byId("changed"), time === "" ? "" : `last written ${time}`);
});

source.addEventListener("problem", ({ data }) => {
  const { message } = JSON.parse(data);
  byId("problem").hidden = message === "";
  showText(byId("problem"), message);
});

source.addEventListener("end", () => {
  source.close();
  showState("ended", "Ended: this page stays as it is; deno task dashboard serves it again");
});

source.addEventListener("error", () => {
  if (source.readyState === EventSource.CLOSED) showState("lost", "Not connected: load the page again");
  else showState("lost", "Connection lost; trying again");
});

function showPart(id, section, html) {
  let part = byId(`part-${id}`);
  if (part === null) {
    part = document.createElement("div");
    part.id = `part-${id}`;
    section.append(part);
  }
  const scrolled = [...part.querySelectorAll(".picture, .scroll")].map((box) => box.scrollLeft);
  part.innerHTML = html;
  part.querySelectorAll(".picture, .scroll").forEach((box, i) => {
    box.scrollLeft = scrolled[i] ?? 0;
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; // so that keys can scroll it
  });
  section.hidden = false;
}

function showState(state, text) {
  document.querySelector(".live").dataset.state = state;
  showText(byId("state"), text);
}

/** Only a text that differs is said by screen readers. */
function showText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Generations

let generations = [];
let timer = null;

/** A new picture: stays at the generation that is shown, and at the newest if that was shown. */
function takeMoments() {
  const text = document.querySelector(".moments")?.dataset.generations ?? "";
  const wasLast = Number(moment.value) >= generations.length - 1;
  generations = text === "" ? [] : text.split(" ").map(Number);
  moment.max = Math.max(0, generations.length - 1);
  if (wasLast && timer === null) moment.value = moment.max;
  controls.hidden = generations.length < 2;
  showMoment();
}

function showMoment() {
  const shown = Number(moment.value);
  for (const group of document.querySelectorAll('.moments g[class^="frame-"], .moments g[class^="front-"]')) {
    const [kind, number] = group.classList[0].split("-");
    const at = Number(number);
    group.classList.toggle("later", kind === "front" ? at !== shown : at > shown);
    group.classList.toggle("earlier", kind === "frame" && at < shown);
  }
  const text = `${generations[shown]} of ${generations.at(-1)}`;
  showText(momentText, text);
  moment.setAttribute("aria-valuetext", `generation ${text}`);
}

function stop() {
  clearInterval(timer);
  timer = null;
  showText(play, "Play");
}

function step() {
  if (Number(moment.value) >= generations.length - 1) return stop();
  moment.value = Number(moment.value) + 1;
  showMoment();
}

play.addEventListener("click", () => {
  if (timer !== null) return stop();
  if (Number(moment.value) >= generations.length - 1) moment.value = 0;
  showMoment();
  timer = setInterval(step, frameMs);
  showText(play, "Pause");
});

moment.addEventListener("input", () => {
  stop();
  showMoment();
});
