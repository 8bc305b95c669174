// Package sample makes records for the tests of the packages below report:
// random ones that try to break an encoder or a renderer, and small stories
// as an analysis would tell them.
package sample
