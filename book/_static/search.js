// What a search result quotes: the text of the place it leads to, or else of the article, in place of
// Sphinx's choice, which begins with the page's menus and fails at index entries, which have no text.
Search.htmlToText = (html, anchor) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  page.querySelectorAll(".headerlink, .visually-hidden, script, style").forEach((e) => e.remove());
  const place = anchor ? page.getElementById(anchor.slice(1)) : null;
  const places = [place, page.querySelector("article"), page.body];
  const text = places.find((p) => p?.textContent.trim())?.textContent ?? "…";
  return text.replace(/\\[()[\]]/g, "").replace(/\s+/g, " ").trim();
};
