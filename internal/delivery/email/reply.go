package email

import (
	"bufio"
	"errors"
	"strings"
)

const (
	maxReplyLine  = 2048 // RFC 5321 allows 512; some servers explain at length
	maxReplyLines = 100
)

// reply is one answer of the server.
type reply struct {
	code     int
	enhanced string   // class.subject.detail (RFC 3463), "" when absent or at odds with the code
	lines    []string // texts without codes; bytes outside of printable ASCII are replaced by ?
}

// text is the whole answer in one line, for details. It may hold contacts.
func (r reply) text() string { return strings.Join(r.lines, " ") }

var (
	errReplyLong   = errors.New("the answer is too long")
	errReplyFormat = errors.New("the answer is not SMTP")
)

// readReply reads one answer, of bounded length. It is strict: codes of 200 to 559, the same code on every
// line of one answer. Errors hold nothing of what was read. After one, the connection is of no more use.
func readReply(r *bufio.Reader) (reply, error) { return readLines(r, false) }

// readBrief is readReply for answers whose text matters only when they refuse.
func readBrief(r *bufio.Reader) (reply, error) { return readLines(r, true) }

func readLines(r *bufio.Reader, brief bool) (reply, error) {
	var out reply
	for n := 1; ; n++ {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) || len(line) > maxReplyLine {
			return reply{}, errReplyLong
		}
		if err != nil {
			return reply{}, err
		}
		code, more, text, ok := splitReply(line)
		if !ok || (out.code != 0 && out.code != code) {
			return reply{}, errReplyFormat
		}
		out.code = code
		if n > maxReplyLines {
			return reply{}, errReplyLong
		}
		if !brief || code >= 400 {
			out.add(clean(text))
		}
		if !more {
			return out, nil
		}
	}
}

// add takes in the text of one line.
func (r *reply) add(text string) {
	status, rest := cutEnhanced(r.code, text)
	if r.enhanced == "" {
		r.enhanced = status
	}
	if status != "" {
		text = rest
	}
	r.lines = append(r.lines, text)
}

// splitReply takes one line apart: three digits, then a space or a dash and a text, or the line's end.
func splitReply(line []byte) (code int, more bool, text []byte, ok bool) {
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '5' || line[2] < '0' || line[2] > '9' {
		return 0, false, nil, false
	}
	code = int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	if len(line) == 3 {
		return code, false, nil, true
	}
	if line[3] != ' ' && line[3] != '-' {
		return 0, false, nil, false
	}
	return code, line[3] == '-', line[4:], true
}

// clean replaces what is not printable ASCII.
func clean(text []byte) string {
	for i, c := range text {
		if c < ' ' || c > '~' {
			text[i] = '?' // the reader's buffer, which nobody reads again
		}
	}
	return string(text)
}

// cutEnhanced takes an enhanced status code off a text. One whose class contradicts the reply code is a
// lie, and is dropped: the reply code decides.
func cutEnhanced(code int, text string) (status, rest string) {
	word, rest, _ := strings.Cut(text, " ")
	class, tail, ok := strings.Cut(word, ".")
	subject, detail, ok2 := strings.Cut(tail, ".")
	if !ok || !ok2 || len(class) != 1 || !digits(subject) || !digits(detail) {
		return "", text
	}
	if int(class[0]-'0') != code/100 {
		return "", text
	}
	return word, rest
}

func digits(s string) bool {
	if s == "" || len(s) > 3 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
