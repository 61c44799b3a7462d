"""The Wyoming door: other machines have their texts spoken, and get the sound."""
