// Package intake turns what others send (CloudEvents of detectors, VERIS incidents, breach records of Have I
// Been Pwned) into facts. A value becomes a fact only when it means exactly that fact; what is merely close
// to one becomes a note for a person, and what is not said stays unknown. Nothing is invented.
//
// Imports of ours: breach.
package intake
