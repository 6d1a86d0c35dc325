package store

import (
	"encoding/binary"
	"io"
)

// copyPeople takes what peopleCopy gives.
const copyPeople = `COPY recipient (incident, id, wave, ref, locale, country, minor, guardian, channels, person_key, sealed, kind) FROM STDIN BINARY`

const copyColumns = 12

// copyHead begins PostgreSQL's binary copy format: signature, flags, length of the extension.
var copyHead = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")

// peopleCopy gives people in PostgreSQL's binary copy format, each sealed when it is asked for. Encoding them here costs
// a third of what the driver needs, which asks for the type of every value.
type peopleCopy struct {
	l     *loading
	rest  []prepared
	buf   []byte
	at    int
	begun bool
	ended bool
	err   error // why it broke off
}

func (c *peopleCopy) Read(p []byte) (int, error) {
	for c.at == len(c.buf) {
		c.buf, c.at = c.buf[:0], 0
		switch {
		case c.ended:
			return 0, io.EOF
		case !c.begun:
			c.buf, c.begun = append(c.buf, copyHead...), true
		}
		for len(c.rest) > 0 && len(c.buf) < len(p) {
			if c.err = c.row(&c.rest[0]); c.err != nil {
				return 0, c.err
			}
			c.rest = c.rest[1:]
		}
		if len(c.rest) == 0 && len(c.buf) < len(p) {
			c.buf, c.ended = append(c.buf, 0xff, 0xff), true // the end
		}
	}
	n := copy(p, c.buf[c.at:])
	c.at += n
	return n, nil
}

func (c *peopleCopy) row(p *prepared) error {
	sealed, err := c.l.row(p)
	if err != nil {
		return err
	}
	c.buf = binary.BigEndian.AppendUint16(c.buf, copyColumns)
	c.text(c.l.incident)
	c.buf = binary.BigEndian.AppendUint64(c.size(8), uint64(p.id))
	c.buf = binary.BigEndian.AppendUint32(c.size(4), uint32(p.wave))
	c.text(p.ref)
	c.text(p.locale)
	c.text(p.country)
	c.buf = append(c.size(1), flag(p.minor))
	c.buf = append(c.size(1), flag(p.guardian))
	c.buf = binary.BigEndian.AppendUint16(c.size(2), uint16(p.channels))
	c.buf = append(c.size(len(p.key)), p.key[:]...)
	c.buf = append(c.size(len(sealed)), sealed...)
	c.buf = binary.BigEndian.AppendUint32(c.size(4), uint32(p.kind))
	return nil
}

func (c *peopleCopy) size(n int) []byte { return binary.BigEndian.AppendUint32(c.buf, uint32(n)) }

func (c *peopleCopy) text(s string) { c.buf = append(c.size(len(s)), s...) }
