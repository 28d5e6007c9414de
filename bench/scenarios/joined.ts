import type { Section } from '../report.ts'

/** Sections as parts of one. */
export function joined (title: string, sections: Section[]): Section {
  return {
    title,
    text: sections.map((section) => `**${section.title}**, ${section.text}`).join('\n\n'),
    data: Object.fromEntries(sections.map((section) => [section.title, section.data]))
  }
}
