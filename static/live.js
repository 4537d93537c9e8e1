// New posts appear on top of the list by themselves, sent by the server as events.
// What a post says is always set as text, never as HTML.
(() => {
  "use strict";

  const list = document.querySelector("[data-live]");
  const blank = document.getElementById("live-entry");
  if (!list || !blank || !window.EventSource) return;

  const pill = document.querySelector(".live");
  const button = pill.querySelector("button");
  const news = document.getElementById("live-news");
  let last = list.dataset.live;
  let source = null;
  let retry = 0;
  let unseen = 0;

  function connect() {
    clearTimeout(retry);
    if (source) source.close();
    source = new EventSource("/events?lastEventId=" + encodeURIComponent(last));
    source.addEventListener("post", (event) => {
      last = event.lastEventId || last;
      add(JSON.parse(event.data));
    });
    // The server keeps the events that this page has missed no more.
    source.addEventListener("reset", catchUp);
    source.onerror = () => {
      // The browser comes back by itself after a broken connection, but not after an answer that was no stream.
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(connect, 10000 + Math.random() * 10000);
    };
  }

  function disconnect() {
    clearTimeout(retry);
    if (source) source.close();
    source = null;
  }

  async function catchUp() {
    const newest = Math.max(0, ...[...list.children].map(number));
    const response = await fetch("/api/v1/posts?per_page=20").catch(() => null);
    if (!response || !response.ok) return;
    const posts = (await response.json()).filter((post) => post.id > newest);
    posts.reverse().forEach(add);
  }

  function number(entry) {
    return Number(entry.id.replace("post-", "")) || 0;
  }

  function add(post) {
    if (document.getElementById("post-" + post.id)) return;
    const entry = blank.content.firstElementChild.cloneNode(true);
    const [title, talk] = entry.querySelectorAll("a");
    const [host, text, time] = [".host", ".entry-text", "time"].map((part) => entry.querySelector(part));
    const site = webAddress(post.url);
    entry.id = "post-" + post.id;
    title.textContent = post.title;
    title.href = site ? site.href : "/posts/" + post.id;
    if (site) {
      title.rel = "nofollow ugc noopener";
      host.textContent = site.hostname.replace(/^www\./, "");
    } else {
      host.remove();
    }
    if (post.body.trim()) text.textContent = excerpt(post.body);
    else text.remove();
    time.dateTime = post.inserted_at;
    time.textContent = ago(post.inserted_at);
    talk.href = "/posts/" + post.id;
    talk.querySelector(".vh").textContent = " on " + post.title;
    insert(entry);
    news.textContent = "New post: " + post.title;
  }

  function insert(entry) {
    const empty = document.querySelector(".empty");
    if (empty) empty.remove();
    const above = list.getBoundingClientRect().top < 0;
    const height = document.documentElement.scrollHeight;
    const after = [...list.children].find((other) => number(other) < number(entry));
    list.insertBefore(entry, after || null);
    if (!above) return;
    // What is being read stays where it is; most browsers see to that themselves.
    if (!CSS.supports("overflow-anchor", "auto")) {
      window.scrollBy(0, document.documentElement.scrollHeight - height);
    }
    unseen += 1;
    button.textContent = unseen === 1 ? "1 new post" : unseen + " new posts";
    pill.hidden = false;
  }

  function seen() {
    unseen = 0;
    pill.hidden = true;
  }

  function webAddress(url) {
    try {
      const address = new URL(url);
      return address.protocol === "http:" || address.protocol === "https:" ? address : null;
    } catch {
      return null;
    }
  }

  // As the server makes it: up to 190 characters, to the end of a word.
  function excerpt(body) {
    const all = body.trim().split(/\s+/).join(" ");
    if (all.length <= 190) return all;
    const cut = all.slice(0, 190);
    return cut.slice(0, Math.max(cut.lastIndexOf(" "), 0) || 190) + "…";
  }

  function ago(time) {
    const minutes = Math.floor((Date.now() - Date.parse(time)) / 60000);
    if (!(minutes >= 1)) return "just now";
    const [count, unit] =
      minutes < 60 ? [minutes, "minute"] : minutes < 1440 ? [Math.floor(minutes / 60), "hour"] : [Math.floor(minutes / 1440), "day"];
    return count + " " + unit + (count === 1 ? "" : "s") + " ago";
  }

  button.addEventListener("click", () => {
    const first = list.querySelector(".entry-new a");
    if (first) first.focus({ preventScroll: true });
    window.scrollTo({ top: list.getBoundingClientRect().top + window.scrollY - 120 });
    seen();
  });
  addEventListener("scroll", () => { if (unseen && list.getBoundingClientRect().top >= 0) seen(); }, { passive: true });
  setInterval(() => {
    for (const time of list.querySelectorAll(".entry-new time")) time.textContent = ago(time.dateTime);
  }, 60000);

  // A page that nobody sees holds no connection; browsers have few for each site.
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", (event) => { if (event.persisted && !document.hidden) connect(); });
  if (!document.hidden) connect();
})();
