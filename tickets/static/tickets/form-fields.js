// The questions of a category as fields, and the server's objections next to them.

import {h} from './dom.js';

const LONGEST = {text: 200, paragraph: 2000};

/** A labelled place for a control, its hint and what the server says against it. */
export class Field {
  /** `name`: as the server calls it in its `fields`. `control` gets the id `id`. */
  constructor({name, id, label, control, hint = '', group = false, optional = false}) {
    Object.assign(this, {name, control});
    this.problem = h('p', {class: 'bad', id: `${id}-problem`, role: 'alert', hidden: true});
    const help = hint && h('p', {class: 'muted', id: `${id}-hint`}, hint);
    const words = [label, optional && h('span', {class: 'muted'}, ' (optional)')].filter(Boolean);
    control.id = id;
    control.setAttribute('aria-describedby', `${hint ? `${id}-hint ` : ''}${id}-problem`);
    if (group) control.prepend(h('legend', {}, ...words));
    this.element = group
      ? h('div', {class: 'field'}, control, help, this.problem)
      : h('div', {class: 'field'}, h('label', {for: id}, ...words), control, help, this.problem);
  }

  complain(sentences = []) {
    this.problem.textContent = sentences.join(' ');
    this.problem.hidden = !sentences.length;
    if (sentences.length) this.control.setAttribute('aria-invalid', 'true');
    else this.control.removeAttribute('aria-invalid');
  }

  focus() {
    (this.control.querySelector('input') ?? this.control).focus();
  }
}

const CONTROLS = {
  text: ({required}) => h('input', {maxlength: LONGEST.text, required, autocomplete: 'off'}),
  paragraph: ({required}) => h('textarea', {rows: 4, maxlength: LONGEST.paragraph, required}),
  number: ({required}) => h('input', {type: 'number', step: 'any', inputmode: 'decimal', required}),
  date: ({required}) => h('input', {type: 'date', required}),
  choice: ({required, choices}) => select(required, choices.map((choice) => [choice, choice])),
  yes_no: ({required}) => select(required, [['yes', 'Yes'], ['no', 'No']]),
  choices: ({choices}) => h('fieldset', {class: 'options'}, ...choices.map((choice) => {
    return h('label', {class: 'check'}, h('input', {type: 'checkbox', value: choice}), choice);
  })),
};

function select(required, choices) {
  const empty = h('option', {value: ''}, required ? 'Choose…' : 'No answer');
  return h('select', {required}, empty, ...choices.map(([value, label]) => h('option', {value}, label)));
}

const READ = {
  number: ({value}) => Number(value),
  yes_no: ({value}) => value === 'yes',
  choices: (control) => [...control.querySelectorAll('input:checked')].map(({value}) => value),
};

export class Question extends Field {
  constructor(question) {
    const {id, label, kind, hint, required} = question;
    super({
      name: `answers.${id}`, id: `answer-${id}`, label, hint, control: CONTROLS[kind](question),
      group: kind === 'choices', optional: !required,
    });
    Object.assign(this, {id, kind});
  }

  /** What to send; null where nothing was answered. */
  get answer() {
    const {kind, control} = this;
    if (kind !== 'choices' && !control.value.trim()) return null;
    const answer = READ[kind]?.(control) ?? control.value;
    return kind === 'choices' && !answer.length ? null : answer;
  }
}
