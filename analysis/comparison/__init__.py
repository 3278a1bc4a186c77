"""What two or more experiments differ in: specs, figures, the samples that they get wrong."""
