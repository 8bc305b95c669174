package detect

// All is every detector, in the order of a connection's life.
var All = []Detector{
	simultaneousOpen, fastOpen, synRetransmitted, synACKRetransmitted, handshakeACKLost,
	connectionRefused, connectionRejected, connectionUnanswered, acceptQueueOverflow, synFlood,
	threeSegmentClose, simultaneousClose, lostFinalAck, finalAckUnseen, timeWaitMissing, finRetransmitted,
	halfClose, halfCloseDataLost, closeWait, closeWaitLeak, finWait1Stuck, finWait2Stuck, lastAckStuck, applicationSilent,
	resetAbort, resetNoSuchConnection, resetAfterClose, resetInjected, timeWaitAssassination,
	incarnationReuse, incarnationReuseRefused, incarnationReuseUnsafe, oldDuplicate,
	timeWaitPileUp, timeWaitOnServer, portExhaustion,
	keepaliveAlive, keepaliveUnanswered, keepaliveReset, middleboxIdleTimeout,
	deadPeer, peerRebooted, outageRecovered, zeroWindowStall,
	captureDuplicates, captureLoss, twoTaps, oneWayCapture, midStream, evicted,
	fragmentAttack,
}

// askedBy has, for each trait by its number, the detectors of All that need it, one a
// bit: few of them are asked about a connection.
var askedBy = func() (list [32]uint64) {
	for i := range All {
		for t := range list {
			if All[i].needs>>t&1 != 0 {
				list[t] |= 1 << i
			}
		}
	}
	return list
}()
