// Package paper sets letters: it turns an address and a text in any of the product's languages into pages, and
// pages into PDF files whose fonts are embedded, cut down to what is drawn. Text is shaped (Arabic joins and runs
// right to left) and broken into lines as Unicode says; a character that no font draws is an error, never a box.
// It knows nothing of people, batches or printers.
//
// Imports of ours: none.
package paper
