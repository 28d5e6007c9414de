import { isObject } from './fields.ts'

/** Values that ask for nothing beyond what happens anyway. */
export function isOff (value: unknown): boolean {
  return value === false
}

export function isEmpty (value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0
}

/** @returns a test for any of the values */
export function isAnyOf (...values: unknown[]): (value: unknown) => boolean {
  return (value) => values.includes(value)
}

export function isTextOnly (value: unknown): boolean {
  return Array.isArray(value) && value.every((modality) => modality === 'text')
}
