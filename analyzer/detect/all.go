package detect

// All is every detector.
var All = []Detector{}
