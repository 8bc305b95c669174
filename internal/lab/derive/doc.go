// Package derive makes of the lab's captures what captures suffer elsewhere:
// they begin in the middle, show one direction only, lack frames or have them
// twice, are merged from two taps, out of order, cut short, under other link
// headers and in other formats. The kernels' truth stays what it was: what is
// derived without loss must be judged as well as the original, and the rest must
// not be contradicted.
//
// Like package judge it needs neither root nor Linux.
package derive
