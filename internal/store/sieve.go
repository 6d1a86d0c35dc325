package store

import "encoding/binary"

// sieve says of a key that it is certainly new, or perhaps not (a Bloom filter). It spares a list without
// duplicates almost every question to the database: with 10 million people about one in two hundred is
// asked in vain.
type sieve struct{ bits []uint64 }

const sieveBits = 27 // 16 MB

func newSieve() *sieve { return &sieve{bits: make([]uint64, 1<<(sieveBits-6))} }

// add puts a key in and reports whether it may have been there. Keys are keyed hashes: any of their bits
// are as good as random.
func (s *sieve) add(key [16]byte) (maybe bool) { return s.look(key, true) }

// look is add that need not put the key in.
func (s *sieve) look(key [16]byte, put bool) (maybe bool) {
	maybe = true
	for i := 0; i < 16; i += 4 {
		at := binary.BigEndian.Uint32(key[i:]) >> (32 - sieveBits)
		word, bit := &s.bits[at>>6], uint64(1)<<(at&63)
		maybe = maybe && *word&bit != 0
		if put {
			*word |= bit
		}
	}
	return maybe
}
