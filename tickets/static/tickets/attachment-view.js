// Files of messages. They need the token, so no plain address shows them: pictures are fetched when they
// come near the screen and shown from memory, other files are saved on request.

import {h, save, sizeInWords, whileBusy} from './dom.js';

const SHOWN = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
const WIDEST = 320, HIGHEST = 260, LEAST = 44;
const AHEAD = '400px';

export class AttachmentView {
  #pictures = new Map();
  #observer;

  /** `fetchFile(path)` gives a `Blob`; `scroll` is what the pictures are scrolled in. */
  constructor({fetchFile, scroll}) {
    this.fetchFile = fetchFile;
    this.#observer = new IntersectionObserver((seen) => {
      for (const {target, isIntersecting} of seen) if (isIntersecting) this.#show(target);
    }, {root: scroll, rootMargin: AHEAD});
    this.large = this.#viewer();
  }

  /** All files of a message. */
  list(attachments) {
    return h('ul', {class: 'files'}, ...attachments.map((file) => h('li', {}, this.#one(file))));
  }

  #one(file) {
    return SHOWN.has(file.content_type) && file.width ? this.#picture(file) : this.#file(file);
  }

  #file(file) {
    const problem = h('span', {class: 'bad', role: 'status'});
    const get = async ({currentTarget: button}) => {
      problem.textContent = '';
      try {
        save(await whileBusy(button, () => this.fetchFile(file.url)), file.name);
      } catch (error) {
        problem.textContent = error.message;
      }
    };
    const label = `Save ${file.name}, ${sizeInWords(file.size)}`;
    return h('span', {},
      h('button', {type: 'button', class: 'file', onclick: get, 'aria-label': label},
        h('span', {class: 'file-name'}, file.name), h('span', {class: 'muted'}, sizeInWords(file.size))),
      problem);
  }

  /** Its place is as large as the picture will be before a byte of it is here: nothing jumps. */
  #picture(file) {
    const scale = Math.min(1, WIDEST / file.width, HIGHEST / file.height);
    const [width, height] = [file.width, file.height].map((side) => Math.max(LEAST, Math.round(side * scale)));
    const image = h('img', {alt: '', hidden: true});
    const button = h('button', {
      type: 'button', class: 'picture', 'aria-label': `Picture ${file.name}, show it large`,
      onclick: () => this.#open(file, button),
    }, image, h('span', {class: 'muted picture-state'}, file.name));
    button.style.width = `${width}px`;
    button.style.aspectRatio = `${width} / ${height}`;
    button.file = file;
    this.#observer.observe(button);
    return button;
  }

  async #show(button) {
    this.#observer.unobserve(button);
    const {file} = button;
    try {
      const image = button.querySelector('img');
      image.src = await this.#address(file, button);
      await image.decode();
      image.hidden = false;
      button.querySelector('.picture-state').hidden = true;
    } catch {
      button.querySelector('.picture-state').textContent = 'This picture could not be loaded. Try again';
    }
  }

  /** One fetch and one address for a picture, however often it is drawn anew. */
  #address(file, button) {
    let known = this.#pictures.get(file.id);
    if (!known) {
      known = {buttons: new Set(), url: null, blob: null};
      known.promise = this.fetchFile(file.url).then((blob) => {
        if (!this.#pictures.has(file.id)) throw new Error('gone');
        Object.assign(known, {blob, url: URL.createObjectURL(blob)});
        return known.url;
      });
      known.promise.catch(() => this.#pictures.delete(file.id));
      this.#pictures.set(file.id, known);
    }
    known.buttons.add(button);
    return known.promise;
  }

  /** Give back the memory of pictures that are on the page no more. */
  sweep() {
    for (const [id, {buttons, url}] of this.#pictures) {
      for (const button of buttons) if (!button.isConnected) buttons.delete(button);
      if (buttons.size) continue;
      this.#pictures.delete(id);
      if (url) URL.revokeObjectURL(url);
    }
  }

  close() {
    this.#observer.disconnect();
    this.large.remove();
    for (const {url} of this.#pictures.values()) if (url) URL.revokeObjectURL(url);
    this.#pictures.clear();
  }

  // --- large -----------------------------------------------------------------
  #viewer() {
    const shut = () => this.large.close();
    this.largeImage = h('img', {alt: ''});
    this.largeName = h('span', {class: 'file-name'});
    this.largeSave = h('button', {type: 'button'}, 'Save');
    return h('dialog', {class: 'large', 'aria-label': 'Picture', onclick: ({target}) => {
      if (target === this.large || target === this.largeImage) shut();
    }},
    h('p', {class: 'large-bar'}, this.largeName, h('span', {class: 'spacer'}), this.largeSave,
      h('button', {type: 'button', onclick: shut}, 'Close picture')),
    this.largeImage);
  }

  async #open(file, button) {
    const shown = !button.querySelector('img').hidden;
    if (!shown) return this.#show(button);
    this.largeImage.src = await this.#address(file, button);
    this.largeImage.alt = file.name;
    this.largeName.textContent = `${file.name} · ${file.width} × ${file.height} · ${sizeInWords(file.size)}`;
    this.largeSave.onclick = () => save(this.#pictures.get(file.id).blob, file.name);
    this.large.showModal();
    return undefined;
  }
}
