package returnpath

import "testing"

func BenchmarkMessageID(b *testing.B) {
	k := key(b, "k")
	b.ReportAllocs()
	for b.Loop() {
		k.MessageID(someDelivery)
	}
}
