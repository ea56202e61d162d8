// The place to write: text, notes, files by button, by dropping them and by pasting pictures.

import {CannedReplies} from './canned-replies.js';
import {h, sizeInWords} from './dom.js';
import {objection} from './uploads.js';

export class Composer {
  /** `drafts`: `{texts, files}`, two maps that keep what is unsent while one looks at other tickets. */
  constructor({ticketId, staff, drafts, loadReplies, onSend, onTyping, onProblem}) {
    Object.assign(this, {ticketId, staff, drafts, onSend, onTyping, onProblem});
    this.note = false;
    this.files = drafts.files.get(ticketId) ?? [];
    this.#build(loadReplies);
    this.#tray();
  }

  #build(loadReplies) {
    this.text = h('textarea', {
      id: 'message', rows: 1, maxlength: 4000, placeholder: 'Write a message', oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event), onpaste: (event) => this.#pasted(event),
    });
    this.text.value = this.drafts.texts.get(this.ticketId) ?? '';
    this.toggle = h('input', {type: 'checkbox', id: 'note', onchange: () => this.#noteMode()});
    this.label = h('label', {for: 'message', class: 'hidden'}, 'Message');
    this.submit = h('button', {class: 'primary', type: 'submit'}, 'Send');
    this.picker = h('input', {type: 'file', multiple: true, hidden: true, onchange: () => this.#picked()});
    this.clip = h('button', {
      type: 'button', class: 'quiet clip', 'aria-label': 'Attach files', title: 'Attach files', onclick: () => this.picker.click(),
    });
    this.tray = h('div', {class: 'tray', hidden: true});
    const replies = {text: this.text, load: loadReplies, onChange: () => this.#keep()};
    this.replies = this.staff ? new CannedReplies(replies) : null;
    this.element = h('form', {class: 'composer', onsubmit: (event) => { event.preventDefault(); this.#send(); }},
      this.replies?.list, this.label, this.tray, this.text,
      h('div', {class: 'composer-foot'},
        this.clip, this.picker, this.replies?.button,
        this.staff && h('label', {class: 'check', for: 'note'}, this.toggle, 'Internal note, for staff only'),
        h('span', {class: 'muted keys'}, 'Enter sends, Shift + Enter starts a new line'),
        this.submit));
  }

  /** `closed`: one reads only, unless it is a note. `over`: there is nothing to write to. */
  show({closed, over}) {
    this.closed = closed;
    const shut = closed && !this.note;
    this.element.hidden = over;
    this.text.disabled = this.submit.disabled = this.clip.disabled = shut;
    if (this.replies) this.replies.button.disabled = shut;
    const open = this.note ? 'Write an internal note' : 'Write a message';
    this.text.placeholder = shut ? 'This ticket is closed. Reopen it to write.' : open;
    this.label.textContent = this.note ? 'Internal note' : 'Message';
    this.submit.textContent = this.note ? 'Add note' : 'Send';
    this.element.classList.toggle('noting', this.note);
  }

  focus() {
    this.text.focus();
  }

  // --- text ------------------------------------------------------------------
  #noteMode() {
    this.note = this.toggle.checked;
    this.show({closed: this.closed, over: false});
    this.text.focus();
  }

  #typed() {
    this.#keep();
    this.replies?.typed();
    // A note is nobody's business but the staff's, its being written too.
    if (!this.note && this.text.value) this.onTyping();
  }

  #keep() {
    this.drafts.texts.set(this.ticketId, this.text.value);
  }

  #key(event) {
    if (this.replies?.key(event)) return;
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #send() {
    const text = this.text.value.trim();
    const {note, files} = this;
    if ((!text && !files.length) || this.text.disabled) return;
    this.replies?.shut();
    this.#stage([]);
    this.write('');
    this.onSend(text, note, files);
  }

  /** Put a text into the composer. */
  write(text, note = false) {
    this.text.value = text;
    this.toggle.checked = this.note = note;
    this.#keep();
    if (text) this.text.focus();
  }

  /** What could not be sent, beside a draft; what was meant for staff alone stays so. */
  takeBack(text, note, files = []) {
    const draft = this.text.value.trim();
    const alone = !draft && !this.files.length;
    this.write(draft && text ? `${draft}\n${text}` : draft || text, note || (this.note && !alone));
    this.#stage([...this.files, ...files]);
    this.text.focus();
  }

  // --- files -----------------------------------------------------------------
  #picked() {
    this.attach([...this.picker.files]);
    this.picker.value = '';
  }

  /** A table copied from a spreadsheet comes as a picture too: whoever pastes text wants the text. */
  #pasted(event) {
    const {files, types} = event.clipboardData;
    if (!files.length || types.includes('text/plain')) return;
    event.preventDefault();
    this.attach([...files]);
  }

  attach(files) {
    if (this.text.disabled || this.element.hidden || !files.length) return;
    const all = [...this.files, ...files];
    const problem = objection(all);
    this.onProblem(problem);
    if (problem) return;
    this.#stage(all);
    this.text.focus();
  }

  #stage(files) {
    this.files = files;
    this.drafts.files.set(this.ticketId, files);
    this.#tray();
  }

  #tray() {
    this.tray.hidden = !this.files.length;
    this.tray.replaceChildren(
      h('ul', {class: 'staged', 'aria-label': 'Files to send'}, ...this.files.map((file) => h('li', {class: 'pill'},
        h('span', {class: 'file-name'}, file.name), ` ${sizeInWords(file.size)} `,
        h('button', {
          type: 'button', class: 'link', 'aria-label': `Take ${file.name} out`,
          onclick: () => this.#stage(this.files.filter((one) => one !== file)),
        }, '✕')))),
      h('p', {class: 'muted'}, 'Files stay in this tab until they are sent: keep it open.'));
  }
}
