// Package term is what the renderers for a terminal share: how wide a text
// is, how to wrap, cut and pad it, and the colours of lastack's one visual
// language.
package term
