package policy

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

//go:embed profiles/*.yaml
var profileFiles embed.FS

// BuiltinProfiles are the names that Builtin knows, in the order in which they are shown.
var BuiltinProfiles = []string{"mooc", "chinesepod"}

// maxProfileBytes keeps a wrong file (a list of people, a dump) from being read as a policy.
const maxProfileBytes = 256 << 10

// Builtin returns a profile that is part of the program; breach.ErrUnknownPolicy names the known ones.
func Builtin(name string) (Profile, error) {
	for _, known := range BuiltinProfiles {
		if name != known {
			continue
		}
		b, err := profileFiles.ReadFile("profiles/" + known + ".yaml")
		if err != nil {
			return Profile{}, breach.Errorf(breach.ErrInternal, "the policy %s is missing from this program: %w", known, err)
		}
		return ParseProfile(b, nil)
	}
	return Profile{}, breach.Errorf(breach.ErrUnknownPolicy,
		"there is no policy of that name; known are %s, or give the path of a policy file", strings.Join(BuiltinProfiles, " and "))
}

// ParseProfile reads a policy file. Every complaint comes at once, as field errors of a breach.ErrInvalid;
// they name places and never repeat values, because the file may be a wrong one.
func ParseProfile(b []byte, kinds Kinds) (Profile, error) {
	if len(b) > maxProfileBytes {
		return Profile{}, breach.Errorf(breach.ErrInvalid, "the policy file is larger than %d KiB; is it the right file?", maxProfileBytes>>10)
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	var p Profile
	if err := dec.Decode(&p); err != nil {
		return Profile{}, unreadableProfile(err)
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return Profile{}, breach.Errorf(breach.ErrInvalid, "the policy file holds more than one YAML document; keep one policy per file")
	}
	if found := checkProfile(p, kinds); len(found) > 0 {
		return Profile{}, breach.Errorf(breach.ErrInvalid, "the policy cannot be used as it is").With(found...)
	}
	return p, nil
}

var (
	yamlLine    = regexp.MustCompile(`^line (\d+): (.*)$`)
	yamlUnknown = regexp.MustCompile(`^field ([a-z_]{1,40}) not found in type`)
	yamlKind    = regexp.MustCompile(`into (?:\w+\.)?(\w+)$`)
)

// unreadableProfile turns the YAML library's words into places without values.
func unreadableProfile(err error) error {
	e := breach.Errorf(breach.ErrInvalid, "the policy file cannot be read; it must be YAML with the fields of a policy")
	if errors.Is(err, io.EOF) {
		return e.With(breach.FieldError{Where: "file", What: "is empty"})
	}
	var te *yaml.TypeError
	if !errors.As(err, &te) {
		return e.With(breach.FieldError{Where: "file", What: "is not well-formed YAML"})
	}
	for _, line := range te.Errors {
		f := breach.FieldError{Where: "file", What: "does not fit"}
		if m := yamlLine.FindStringSubmatch(line); m != nil {
			f.Where, line = "line "+m[1], m[2]
		}
		if m := yamlUnknown.FindStringSubmatch(line); m != nil {
			f.What = "unknown field " + m[1]
		} else if strings.HasPrefix(line, "field ") {
			f.What = "unknown field"
		} else if m := yamlKind.FindStringSubmatch(line); m != nil {
			f.What = "must be a value of kind " + m[1]
		} else if strings.Contains(line, "already defined") {
			f.What = "the same field twice"
		}
		e = e.With(f)
	}
	return e
}

// Canonical is the profile's one spelling: parsing it gives the same profile, and equal profiles have
// equal bytes whatever their files looked like.
func (p Profile) Canonical() []byte {
	b, err := yaml.Marshal(p)
	if err != nil {
		panic("profile of plain values cannot fail to encode: " + err.Error())
	}
	return b
}

// SHA256 is the hash of Canonical in hex; plans pin it.
func (p Profile) SHA256() string {
	sum := sha256.Sum256(p.Canonical())
	return hex.EncodeToString(sum[:])
}
