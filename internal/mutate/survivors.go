package main

import (
	"fmt"
	"os"
	"strings"
)

// survivors are the mutants that no test can tell, with the reason: a name on a line
// of its own, and what is below it and begins with a tab says why.
type survivors map[string]string

func readSurvivors(file string) (survivors, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	list, err := parseSurvivors(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}

func parseSurvivors(text string) (survivors, error) {
	list, name := survivors{}, ""
	for n, line := range strings.Split(text, "\n") {
		why, isWhy := strings.CutPrefix(line, "\t")
		switch _, twice := list[line]; {
		case line == "" || strings.HasPrefix(line, "#"):
		case isWhy && name == "":
			return nil, fmt.Errorf("line %d: a reason for nothing", n+1)
		case isWhy:
			list[name] = strings.TrimSpace(list[name] + " " + why)
		case twice:
			return nil, fmt.Errorf("line %d: listed twice: %s", n+1, line)
		default:
			name = line
			list[name] = ""
		}
	}
	for name, why := range list {
		if why == "" {
			return nil, fmt.Errorf("no reason: %s", name)
		}
	}
	return list, nil
}
