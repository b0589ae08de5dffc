"""Score every base of both strands of a genome, and write it as a bigWig pair with the called TSS."""

from tracktools.predict.genome_run import Prediction, check_output, predict_genome
from tracktools.predict.out_of_fold import OutOfFold, predict_out_of_fold
from tracktools.predict.sequence_run import predict_sequence

__all__ = ["OutOfFold", "Prediction", "check_output", "predict_genome", "predict_out_of_fold", "predict_sequence"]
