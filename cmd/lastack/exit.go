package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lastack/lastack/report"
)

// exitCode is the status with which the process ends.
type exitCode int

// The exit codes. When several apply, the order is that of precedence.
const (
	exitOK          exitCode = 0   // done; also when the reader of the output went away
	exitFailed      exitCode = 1   // nothing could be analysed, or the report could not be written
	exitUsage       exitCode = 2   // the command line or a LASTACK_ variable is wrong
	exitDamaged     exitCode = 3   // analysed, but some of the input could not be read
	exitFindings    exitCode = 4   // analysed, and --fail-on was met
	exitInterrupted exitCode = 130 // SIGINT or SIGTERM: the report covers what was read until then
)

var precedence = [...]exitCode{exitUsage, exitFailed, exitInterrupted, exitFindings, exitDamaged}

// exitHelp is what the help says of them.
const exitHelp = `Exit status:
  0    done; also when whatever read the output went away (| head)
  1    nothing could be analysed, or the report could not be written
  2    the command line is wrong
  3    analysed, but some of the input is damaged, missing or of a link type without a decoder
  4    analysed, and --fail-on was met
  130  interrupted: the report covers what was read until then
  When several apply: 2, 1, 130, 4, 3, 0.`

// worst returns the code of several that takes precedence.
func worst(codes ...exitCode) exitCode {
	for _, p := range precedence {
		for _, c := range codes {
			if c == p {
				return c
			}
		}
	}
	return exitOK
}

// exitError ends a command with a code. A nil err says nothing more on
// standard error.
type exitError struct {
	code exitCode
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usagef is the error for a wrong command line.
func usagef(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// exit reports what a command returned and chooses the exit code. An error
// without a code of its own is a failure.
func (a *app) exit(cmd *cobra.Command, err error) exitCode {
	if err == nil || brokenPipe(err) {
		return exitOK
	}
	code := exitFailed
	if e, ok := errors.AsType[*exitError](err); ok {
		code, err = e.code, e.err
	}
	a.complain(err)
	if code == exitUsage && cmd != nil {
		fmt.Fprintf(a.err, "Try '%s --help'.\n", cmd.CommandPath())
	}
	return code
}

// complain writes an error to standard error: a line for each that it joins.
func (a *app) complain(err error) {
	if err == nil {
		return
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			a.complain(one)
		}
		return
	}
	text := err.Error()
	if e, ok := err.(*fs.PathError); ok {
		text = e.Path + ": " + e.Err.Error() // without "open" and the like
	}
	fmt.Fprintf(a.err, "lastack: %s\n", report.Sanitize(text))
}

// brokenPipe reports whether err says that nobody reads the output any more.
func brokenPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) || brokenPipeOfSystem(err)
}

// firstOf returns the first that is an error.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
