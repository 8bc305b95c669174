// Package markdown writes the report for a postmortem in a repository or a
// wiki: what package text prints, in GitHub-flavoured Markdown, with ladders
// in fenced blocks. Strings from the capture are escaped, so that no file name
// becomes a heading, a link or HTML.
package markdown
