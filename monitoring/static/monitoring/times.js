// Times in the zone of the browser, in the language of the page.

const language = document.documentElement.lang;
const FORMATS = {
  moment: new Intl.DateTimeFormat(language, {dateStyle: 'short', timeStyle: 'short'}),
  date: new Intl.DateTimeFormat(language, {dateStyle: 'medium'}),
};

function localise(part) {
  for (const time of part.querySelectorAll('time[data-kind]')) {
    time.textContent = FORMATS[time.dataset.kind].format(new Date(time.dateTime));
    if (time.nextSibling?.nodeType === Node.TEXT_NODE) {
      time.nextSibling.textContent = time.nextSibling.textContent.replace(/^ UTC$/, '');
    }
  }
}

localise(document);
document.addEventListener('htmx:afterSwap', () => localise(document));
