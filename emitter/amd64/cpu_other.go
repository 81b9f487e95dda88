//go:build !amd64

package amd64

// hasFMA: code for x86-64 does not run here.
func hasFMA() bool { return false }
